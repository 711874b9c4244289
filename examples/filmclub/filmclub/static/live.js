// New reviews while the page is open. Without this file the page shows those that were there when it was loaded.
const list = document.getElementById("news")
const state = document.getElementById("state")
const pattern = document.getElementById("one")
const MOST = 100

// A browser that was away comes back by itself, and says in Last-Event-ID what it has seen.
const events = new EventSource(list.dataset.events)
events.addEventListener("open", () => (state.textContent = list.dataset.live))
events.addEventListener("error", () => (state.textContent = list.dataset.lost))
events.addEventListener("missed", () => location.reload())
events.addEventListener("message", (event) => {
  const told = JSON.parse(event.data)
  list.querySelector(`[data-id="${told.id}"]`)?.remove()
  if (told.type === "shown") {
    list.prepend(made(told))
    while (list.children.length > MOST) list.lastElementChild.remove()
  }
  document.getElementById("none").hidden = list.children.length > 0
})

function made({ id, film_id, film, author, stars, text, written }) {
  const one = document.importNode(pattern.content.firstElementChild, true)
  one.dataset.id = id
  const link = one.querySelector("a")
  link.textContent = film
  link.setAttribute("href", link.getAttribute("href").replace(/\d+$/, film_id))
  one.querySelector("b").textContent = author
  const shown = one.querySelector(".stars")
  shown.textContent = "★".repeat(stars) + "☆".repeat(5 - stars)
  shown.ariaLabel = shown.ariaLabel?.replace(/\d/, stars)
  const time = one.querySelector("time")
  time.dateTime = written
  time.textContent = new Date(written).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" })
  one.querySelector(".text").textContent = text
  return one
}
