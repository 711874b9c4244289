// Shows the description of the API by Swagger UI, in place of what the page has without a script.
"use strict";

if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.classList.add("dark-mode");

SwaggerUIBundle({
  url: document.querySelector("link[rel=service-desc]").href,
  domNode: document.getElementById("interactive"),
  deepLinking: true,
  displayOperationId: true,
  tryItOutEnabled: false,
  validatorUrl: null, // it would be another site's
  onComplete: () => document.getElementById("plain").remove(),
});
