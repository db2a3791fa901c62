// Clicks, strokes and keys of the page that reviews masks. `element` holds the picture, and
// `trigger` calls the server; gradio gives both.
const KEYS = { a: "accept", r: "reject", u: "undo", n: "next", p: "previous" };
const TOOLS = { c: 0, b: 1 };
let stroke = null;

// A point is a pair of shares of the picture's width and height.
function point(event) {
  const box = element.querySelector("img").getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function brushes() {
  return document.querySelectorAll("#tool input")[TOOLS.b].checked;
}

// The line shows where the brush goes until the server has painted.
function drawn(canvas, points) {
  const pen = canvas.getContext("2d");
  canvas.width = canvas.clientWidth;
  canvas.height = canvas.clientHeight;
  const percent = document.querySelector("#brush input[type=number]").value;
  pen.lineWidth = Math.max(2, (Math.max(canvas.width, canvas.height) * percent) / 100);
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "#ffffffb0";
  pen.beginPath();
  points.forEach(([x, y]) => pen.lineTo(x * canvas.width, y * canvas.height));
  pen.stroke();
}

element.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.target.closest(".screen")) return;
  event.preventDefault();
  stroke = [point(event)];
});
document.addEventListener("pointermove", (event) => {
  if (stroke === null || !brushes()) return;
  stroke.push(point(event));
  drawn(element.querySelector("canvas"), stroke);
});
document.addEventListener("pointerup", () => {
  if (stroke === null) return;
  trigger("select", { points: stroke });
  stroke = null;
});
document.addEventListener("pointercancel", () => { stroke = null; });

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("textarea, select, input:not([type=radio], [type=range])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key.toLowerCase();
  let pressed = document.getElementById(KEYS[key]);
  if (key in TOOLS) pressed = document.querySelectorAll("#tool input")[TOOLS[key]];
  if (/^[0-9]$/.test(key)) pressed = document.querySelectorAll("#class input")[key];
  if (pressed) {
    event.preventDefault();
    pressed.click();
  }
});
