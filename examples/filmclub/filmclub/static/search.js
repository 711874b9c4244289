// Search as you type: the page answers with its results alone, and works without this too.
const form = document.querySelector("form.search")
const results = document.getElementById("results")
let waiting = 0
let asked

async function show() {
  const url = `${form.action.split("?")[0]}?${new URLSearchParams([...new FormData(form)].filter(([, value]) => value))}`
  asked?.abort()
  asked = new AbortController()
  try {
    const reply = await fetch(url, { headers: { "hx-request": "true" }, signal: asked.signal })
    if (!reply.ok) return
    results.innerHTML = await reply.text()
    history.replaceState(null, "", url)
  } catch (error) {
    if (error.name !== "AbortError") throw error
  }
}

form.addEventListener("input", () => {
  clearTimeout(waiting)
  waiting = setTimeout(show, 150)
})
