// News in the footer while the page is open. Without this file the site works as well.
const news = document.getElementById("news")
new EventSource(news.dataset.feed).addEventListener("review", (event) => {
  const review = JSON.parse(event.data)
  news.textContent = `Just now: ${review.name} gives ${review.film.title} ${review.stars} of 5`
})
