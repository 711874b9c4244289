// Makes lists quicker: what changes only the list is fetched alone, and put in its place. Without it every link and
// every button works as well, with a page each.
(() => {
  const lists = "[data-grid]"
  const settled = 300
  let asking = null
  let waiting = 0

  const here = (link) => link.origin === location.origin && link.pathname === location.pathname

  const opened = (list) => [...list.querySelectorAll("details")].map((one) => one.open)

  const show = async (list, url, { keep = true } = {}) => {
    asking?.abort()
    const current = (asking = new AbortController())
    list.setAttribute("aria-busy", "true")
    try {
      const answer = await fetch(url, { headers: { "HX-Request": "true" }, signal: current.signal })
      const text = await answer.text()
      const page = new DOMParser().parseFromString(text, "text/html")
      const fresh = page.getElementById(list.id)
      if (!fresh) return location.assign(url)
      const focused = document.activeElement
      const name = list.contains(focused) ? focused.name : ""
      const value = focused?.value
      const caret = name && focused.selectionStart
      const folds = opened(list)
      list.replaceWith(fresh)
      fresh.querySelectorAll("details").forEach((one, at) => (one.open = folds[at] ?? one.open))
      ready(fresh)
      if (keep) history.pushState({}, "", answer.url)
      if (name) {
        const same = [...fresh.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
        const again = same.find((one) => one.value === value) ?? same[0]
        again?.focus()
        if (again?.type === "search" && typeof caret === "number") {
          if (again.value !== value) again.value = value
          again.setSelectionRange(caret, caret)
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url)
    }
  }

  const asked = (form, button) => {
    const url = new URL(form.action, location.href)
    // A box without a value stands for those that have none; all else that is empty says nothing.
    const box = (name) => /(^|\.)f\./.test(name) && !/\.(from|to)$/.test(name)
    const fields = [...new FormData(form)].filter(([name, text]) => text !== "" || box(name))
    if (button?.name) fields.push([button.name, button.value])
    url.search = new URLSearchParams(fields)
    return url.href
  }

  const send = (form) => show(form.closest(lists), asked(form))

  const soon = (form) => {
    clearTimeout(waiting)
    waiting = setTimeout(() => send(form), settled)
  }

  const ready = (list) => {
    for (const box of list.querySelectorAll("[data-all]")) box.hidden = false
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest(`${lists} a[href]`)
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    if (link.hasAttribute("download") || !here(link)) return
    event.preventDefault()
    show(link.closest(lists), link.href)
  })

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-grid-form]")) return
    event.preventDefault()
    clearTimeout(waiting)
    show(event.target.closest(lists), asked(event.target, event.submitter))
  })

  document.addEventListener("input", (event) => {
    const form = event.target.closest("[data-grid-form]")
    if (form && !event.target.closest(".grid-builder")) soon(form)
  })

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-all]")) return
    const boxes = event.target.closest("table").querySelectorAll('tbody input[type="checkbox"]')
    for (const box of boxes) box.checked = event.target.checked
  })

  addEventListener("popstate", () => {
    const list = document.querySelector(lists)
    if (list) show(list, location.href, { keep: false })
  })

  document.querySelectorAll(lists).forEach(ready)
})()
