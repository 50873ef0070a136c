// The field's text becomes the picture, and the form's value is the picture as a file.
const form = document.querySelector("form");
const image = document.querySelector("onestroke-image");
const output = document.querySelector("output");

form.elements.place.addEventListener("change", ({ target }) => image.setAttribute("prompt", target.value));

image.addEventListener("drawn", ({ detail }) => {
  output.textContent = `Drawn: ${detail.recipe.prompt}`;
});

form.addEventListener("submit", () => {
  const file = new FormData(form).get("picture");
  output.textContent = `Taken: ${file.name}, ${file.type}, ${file.size} bytes`;
});
