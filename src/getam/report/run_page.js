"use strict";
// The gallery: filters, order, and the viewer that enlarges a picture.
const find = (id) => document.getElementById(id);
const cards = [...document.querySelectorAll(".card")];
const filters = ["by-class", "by-doubt", "by-part", "by-name", "order"].map(find);

function isWanted({ dataset }) {
  const [shown, doubt, part, name] = filters.map((filter) => filter.value);
  if (shown && !JSON.parse(dataset.tags).includes(shown)) return false;
  if (doubt && dataset.doubt !== (doubt === "-" ? "" : doubt)) return false;
  if (part && dataset.part !== part) return false;
  return dataset.name.toLowerCase().includes(name.toLowerCase());
}

const figure = (text) => (text === "" ? Infinity : Number(text)); // unknown figures come last
const orders = {
  quality: (a, b) => figure(a.quality) - figure(b.quality),
  "-quality": (a, b) => figure(b.quality) - figure(a.quality),
  overlap: (a, b) => figure(a.overlap) - figure(b.overlap),
  name: (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }),
};

function update() {
  const compare = orders[find("order").value];
  cards.sort((a, b) => compare(a.dataset, b.dataset));
  find("cards").append(...cards);
  for (const card of cards) card.hidden = !isWanted(card);
  const shown = cards.filter((card) => !card.hidden).length;
  find("count").textContent =
    shown === cards.length ? `${shown} photos` : `${shown} of ${cards.length} photos`;
}

const viewer = find("viewer");
const opacity = find("opacity");
let current = null; // the button of the picture that the viewer shows

function show(button) {
  current = button;
  const card = button.closest(".card");
  const stack = viewer.querySelector(".stack");
  const layer = stack.querySelector("img");
  const small = button.querySelector("img");
  stack.className = `stack ${button.dataset.kind}`;
  for (const name of ["--photo", "--shape"])
    viewer.style.setProperty(name, card.style.getPropertyValue(name));
  layer.hidden = !small;
  if (small) layer.src = small.src;
  opacity.disabled = !small;
  find("viewer-title").textContent = `${card.dataset.name}: ${button.dataset.title}`;
  viewer.querySelector(".key").replaceChildren(
    ...[...card.querySelector(".key").children].map((entry) => entry.cloneNode(true)),
  );
  fade();
  if (!viewer.open) viewer.showModal();
}

function fade() {
  viewer.style.setProperty("--opacity", opacity.value / 100);
}

function step(by) {
  const buttons = [...current.parentElement.children];
  show(buttons[(buttons.indexOf(current) + by + buttons.length) % buttons.length]);
}

function otherPhoto(by) {
  const shown = cards.filter((card) => !card.hidden);
  const card = shown[(shown.indexOf(current.closest(".card")) + by + shown.length) % shown.length];
  const buttons = [...card.querySelectorAll(".stages button")];
  const same = buttons.find((button) => button.dataset.title === current.dataset.title);
  show(same ?? buttons[0]);
}

const keys = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  ArrowUp: () => otherPhoto(-1),
  ArrowDown: () => otherPhoto(1),
};

viewer.addEventListener("keydown", (event) => {
  const action = keys[event.key];
  if (!action || event.target === opacity) return;
  event.preventDefault();
  action();
});
viewer.addEventListener("click", (event) => {
  if (event.target === viewer) viewer.close(); // the dark area around the viewer
});
viewer.addEventListener("close", () => current.focus());
opacity.addEventListener("input", fade);
find("close").addEventListener("click", () => viewer.close());
find("before").addEventListener("click", () => step(-1));
find("next").addEventListener("click", () => step(1));
find("cards").addEventListener("click", (event) => {
  const button = event.target.closest(".stages button");
  if (button) show(button);
});
for (const filter of filters)
  filter.addEventListener(filter.type === "search" ? "input" : "change", update);
// A link of the list above must reach its photo whatever the filters say.
addEventListener("hashchange", () => {
  const card = find(location.hash.slice(1));
  if (!card?.hidden) return;
  for (const filter of filters.slice(0, 4)) filter.value = "";
  update();
  card.scrollIntoView();
});
update();
