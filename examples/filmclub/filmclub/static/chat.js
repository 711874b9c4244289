// The chat while the page is open. Without this file the page works as well: it shows what was said, and its form says more.
const chat = document.getElementById("chat")
const list = document.getElementById("messages")
const form = document.getElementById("say")
const input = document.getElementById("text")
const refused = document.getElementById("refused")
const pattern = document.getElementById("line")
const MOST = 300

let socket
let tries = 0
let sent = ""

function connect() {
  const url = new URL(chat.dataset.socket, location.href)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  socket = new WebSocket(url)
  socket.addEventListener("open", () => {
    tries = 0
    tell("connected")
  })
  socket.addEventListener("message", (event) => {
    const told = JSON.parse(event.data)
    heard[told.type]?.(told)
  })
  socket.addEventListener("close", (event) => {
    if (event.code === 1008) return tell("ended")
    tell("lost")
    // Twice as long each time, half a minute at most, and never all browsers at once.
    const wait = Math.min(30, 0.5 * 2 ** tries++) * (0.5 + Math.random() / 2)
    setTimeout(connect, wait * 1000)
  })
}

const heard = {
  said({ id, author, text, sent }) {
    if (list.querySelector(`[data-id="${id}"]`)) return
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    const line = document.importNode(pattern.content.firstElementChild, true)
    line.dataset.id = id
    line.querySelector("b").textContent = author
    line.querySelector("p").textContent = text
    const time = line.querySelector("time")
    time.dateTime = sent
    time.textContent = new Date(sent).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" })
    const removing = line.querySelector("form")
    if (removing) removing.setAttribute("action", removing.getAttribute("action").replace(/\d+\/remove$/, `${id}/remove`))
    // What was missed while the connection was away comes in its order.
    const after = [...list.children].find((one) => Number(one.dataset.id) > id)
    list.insertBefore(line, after ?? null)
    while (list.children.length > MOST) list.firstElementChild.remove()
    if (atEnd) list.scrollTop = list.scrollHeight
    show()
  },
  removed({ id }) {
    list.querySelector(`[data-id="${id}"]`)?.remove()
    show()
  },
  present({ names }) {
    document.getElementById("people").textContent = names.length > 1 ? chat.dataset.here + names.join(", ") : chat.dataset.nobody
  },
  refused({ why }) {
    refused.textContent = why
    refused.hidden = false
    input.value ||= sent
  },
}

function show() {
  document.getElementById("silence").hidden = list.children.length > 0
}

function tell(state) {
  chat.dataset.state = state
  document.getElementById("state").textContent = chat.dataset[state]
}

function isOpen() {
  return socket.readyState === WebSocket.OPEN
}

form.addEventListener("submit", (event) => {
  if (!isOpen()) return // the form is sent as forms are
  event.preventDefault()
  refused.hidden = true
  sent = input.value.trim()
  if (sent) socket.send(JSON.stringify({ type: "say", text: sent }))
  input.value = ""
})

list.addEventListener("submit", (event) => {
  if (!isOpen()) return
  event.preventDefault()
  socket.send(JSON.stringify({ type: "remove", id: Number(event.target.closest("li").dataset.id) }))
})

list.scrollTop = list.scrollHeight
connect()
