// Asks the authenticator of the browser: what comes and goes is JSON, with bytes in base64url.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ask = async (url, value) => {
    const reply = await fetch(url, {
      method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body: JSON.stringify(value),
    });
    const said = await reply.json();
    if (!reply.ok) throw new Error(said.detail || said.title);
    return said;
  };
  const parts = (credential, names) => {
    const response = {};
    for (const name of names) if (credential.response[name]) response[name] = text(credential.response[name]);
    return {
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment,
    };
  };
  const add = async (options) => {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    for (const one of options.excludeCredentials || []) one.id = bytes(one.id);
    return parts(await navigator.credentials.create({ publicKey: options }), ["clientDataJSON", "attestationObject"]);
  };
  const prove = async (options) => {
    options.challenge = bytes(options.challenge);
    for (const one of options.allowCredentials || []) one.id = bytes(one.id);
    const names = ["clientDataJSON", "authenticatorData", "signature", "userHandle"];
    return parts(await navigator.credentials.get({ publicKey: options }), names);
  };
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const told = form.querySelector("[role=alert]");
    if (!window.PublicKeyCredential) {
      told.textContent = form.dataset.unable;
      continue;
    }
    const button = form.querySelector("button");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      told.textContent = "";
      button.disabled = true;
      try {
        const make = form.dataset.passkey === "add" ? add : prove;
        const answer = await make(await ask(form.dataset.options, {}));
        const fields = Object.fromEntries(new FormData(form));
        const done = await ask(form.action, { answer, name: fields.name || "", next: fields.next || "" });
        location.assign(done.next);
      } catch (error) {
        // Who closes the dialogue has not done anything wrong.
        told.textContent = error.name === "NotAllowedError" ? form.dataset.cancelled : error.message;
        button.disabled = false;
      }
    });
  }
})();
