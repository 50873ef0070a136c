// A page that lets a frame draw, from wherever Onestroke is served: `?at=https://onestroke.example/`.
import { connectFrame } from "./onestroke/onestroke.js";

const frame = document.createElement("iframe");
const address = new URL("embed.html", new URL(location.href).searchParams.get("at"));
address.searchParams.set("origin", location.origin);
frame.src = address.href;
frame.title = "The picture";
// Listen first: the frame greets as soon as it is there.
const connected = connectFrame(frame);
document.querySelector("main").append(frame);

const status = document.querySelector("[role=status]");
const form = document.querySelector("form");
const generator = await connected;
status.textContent = "Connected";

async function draw() {
  const recipe = {
    model: "vignette",
    prompt: form.elements.prompt.value,
    negative: "",
    steering: { method: "none" },
    steps: 1,
    seed: "2",
    width: 64,
    height: 64,
  };
  try {
    const { file } = await generator.generate(recipe, { onProgress: ({ stage }) => (status.textContent = stage) });
    status.textContent = `Drawn: ${file.size} bytes of ${file.type}`;
  } catch (error) {
    status.textContent = `${error.message} ${error.remedy}`;
  }
}

form.addEventListener("submit", () => void draw());
