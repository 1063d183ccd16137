// A picture as large as the window, with its neighbours.
const viewer = { pictures: [], at: 0, boxes: true };

function openViewer(picture, beside) {
  viewer.pictures = beside.filter((each) => each.state === "shown");
  viewer.at = viewer.pictures.indexOf(picture);
  showInViewer();
  byId("viewer").showModal();
}

function showInViewer() {
  const picture = viewer.pictures[viewer.at];
  const dialog = byId("viewer");
  dialog.setAttribute("aria-label", picture.name);
  dialog.classList.toggle("no-boxes", !viewer.boxes);
  refill(dialog,
    el("div", { class: "viewer-bar" }, el("p", {}, picture.name, el("small", {}, picture.when)), viewerButtons(picture)),
    el("div", { class: "viewer-picture" }, framed(picture)));
}

function viewerButtons(picture) {
  const button = (label, text, handler, disabled) => el("button", {
    type: "button", "aria-label": label, title: label, disabled, on: { click: handler },
  }, text);
  const box = el("label", {},
    el("input", { type: "checkbox", checked: viewer.boxes, on: { change: toggleBoxes } }), words().showBox);
  return el("div", { class: "viewer-buttons" }, picture.boxes.length > 0 && box,
    button(words().previousPicture, "‹", () => stepViewer(-1), viewer.at === 0),
    button(words().nextPicture, "›", () => stepViewer(1), viewer.at === viewer.pictures.length - 1),
    button(words().close, "×", () => byId("viewer").close(), false));
}

function toggleBoxes(event) {
  viewer.boxes = event.target.checked;
  byId("viewer").classList.toggle("no-boxes", !viewer.boxes);
}

function stepViewer(step) {
  const next = viewer.at + step;
  if (next < 0 || next >= viewer.pictures.length) return;
  viewer.at = next;
  const held = document.activeElement.getAttribute("aria-label");
  showInViewer();
  const buttons = [...byId("viewer").querySelectorAll("button:not([disabled])")];
  (buttons.find((button) => button.getAttribute("aria-label") === held) || buttons[buttons.length - 1]).focus();
}

function startViewer() {
  const dialog = byId("viewer");
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") stepViewer(-1);
    if (event.key === "ArrowRight") stepViewer(1);
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
