// `<onestroke-image prompt="a lighthouse at dusk">`: a picture that the visitor's own device draws. Its attributes are the recipe
// (attributes.ts). It waits until it is near the visible part of the page, and asks before it fetches much.
import type { Drawing } from "../common/drawing";
import { OnestrokeError, throwIfCancelled } from "../common/errors";
import type { Progress } from "../common/progress";
import { randomSeed, type Recipe } from "../common/recipe";
import { recipePng } from "../image/recipe-png";
import { modelOf, RECIPE_ATTRIBUTES, type Attributes, recipeOfAttributes, withTextRows } from "./attributes";
import { needOf, withMore } from "./need";
import { sharedEngine } from "./shared-engine";
import { strings } from "./strings";
import { createView, type Shown, type View } from "./view";

/** Megabytes that are fetched without asking, where the attribute `unasked` says nothing. */
const UNASKED_MB = 50;

/** How far below the visible part the element begins to draw. */
const NEAR = "25%";

/**
 * Attributes: `prompt`, `negative`, `steering`, `steps`, `seed`, `size`, `model` as links write them; `variation="8:0.3"`, several with commas
 * between; `lora="ink.safetensors:0.8"`, addresses of files with their weights, several with spaces between; `start="pier.jpg"`, the address
 * of a picture that is drawn over, and `strength="0.5"`, the share of the steps that are; `alt` in place of the prompt for those
 * who do not see the picture; `loading="eager"` to draw before it is near; `unasked`, how many megabytes may be fetched without asking;
 * `name`, `required` and `disabled` as of any field of a form, whose value is the picture as a PNG file with its recipe.
 *
 * Events: `progress` and `preview` while it works, `drawn` with the `Drawing`, `failed` with the `OnestrokeError`, `offered` when it asks;
 * what they bring is in `detail`. States for CSS: `:state(idle)`, `offered`, `loading`, `drawing`, `failed`, and `drawn` once a picture is there.
 *
 * Slot: `poster`. Parts: `picture`, `note`, `text`, `progress`, `button`.
 */
export class OnestrokeImage extends HTMLElement {
  static readonly formAssociated = true;
  static readonly observedAttributes: readonly string[] = [...RECIPE_ATTRIBUTES, "alt", "loading", "required"];

  readonly #internals = this.attachInternals();
  readonly #view: View;
  readonly #watch = new IntersectionObserver((entries) => this.#seen(entries.some(({ isIntersecting }) => isIntersecting)), {
    rootMargin: NEAR,
  });
  #drawing: Drawing | undefined;
  /** The picture that is being drawn, or waits for a person's word. */
  #job: AbortController | undefined;
  #isNear = false;
  #isQueued = false;
  /** One for each element, so that a page that names no seed shows one picture and not another at every change. */
  readonly #seed = randomSeed();

  constructor() {
    super();
    this.#view = createView(this.attachShadow({ mode: "open" }), () => void this.draw().catch(() => undefined));
  }

  /** What is shown, with its timings; undefined before the first picture. */
  get drawing(): Drawing | undefined {
    return this.#drawing;
  }

  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }

  /**
   * Draws what the attributes say, or a recipe, and gets the model first if it is not here: the page has asked, so nobody is asked again.
   * @throws OnestrokeError `cancelled` when something newer was asked for, as `Generator.generate` and `ModelStore.fetch`
   */
  draw(recipe?: Recipe): Promise<Drawing> {
    return this.#begin(recipe, Infinity);
  }

  /** Stops what is being drawn or fetched. What has arrived is kept. */
  cancel(): void {
    this.#job?.abort();
    this.#job = undefined;
    this.#show({ phase: "idle" });
  }

  /** The picture as a PNG with its recipe in it. @throws OnestrokeError `invalid-input` before there is one */
  async toFile(name = "picture.png"): Promise<File> {
    if (this.#drawing === undefined)
      throw new OnestrokeError("invalid-input", "there is no picture yet", { remedy: "Wait for the event `drawn`." });
    return new File([await recipePng(this.#drawing)], name, { type: "image/png" });
  }

  connectedCallback(): void {
    this.#watch.observe(this);
    this.#refresh();
  }

  disconnectedCallback(): void {
    this.#watch.disconnect();
    this.#isNear = false;
    this.cancel();
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#refresh();
  }

  formDisabledCallback(): void {
    this.#refresh();
  }

  #seen(isNear: boolean): void {
    if (isNear === this.#isNear) return;
    this.#isNear = isNear;
    if (isNear && this.#drawing === undefined) this.#refresh();
  }

  /** Draws once for all attributes that change together. */
  #refresh(): void {
    this.#describe();
    if (this.#isQueued) return;
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      const isWanted = this.isConnected && !this.matches(":disabled") && (this.#isNear || this.getAttribute("loading") === "eager");
      if (isWanted && this.hasAttribute("prompt")) void this.#begin(undefined, this.#unaskedBytes()).catch(() => undefined);
    });
  }

  #unaskedBytes(): number {
    const asked = Number(this.getAttribute("unasked") ?? UNASKED_MB);
    return (asked >= 0 ? asked : UNASKED_MB) * 1e6;
  }

  /** Whatever was drawn before it is given up: the newest wins. */
  async #begin(recipe: Recipe | undefined, unaskedBytes: number): Promise<Drawing> {
    this.#job?.abort();
    const job = new AbortController();
    this.#job = job;
    try {
      const drawing = await this.#draw(recipe, unaskedBytes, job.signal);
      throwIfCancelled(job.signal);
      await this.#finish(drawing);
      return drawing;
    } catch (thrown) {
      const error = OnestrokeError.from(thrown, "worker-died");
      if (this.#job === job && error.code !== "cancelled") {
        this.#show({ phase: "failed", error });
        this.#tell("failed", error);
      }
      throw error;
    }
  }

  async #draw(recipe: Recipe | undefined, unaskedBytes: number, signal: AbortSignal): Promise<Drawing> {
    const { generator, store, sources } = sharedEngine();
    // A recipe that is handed over says everything itself.
    const pointedAt: Attributes = recipe === undefined ? this : { getAttribute: () => null };
    const model = recipe?.model ?? modelOf(this);
    this.#show({ phase: "loading", share: undefined });
    const [needed, more] = await Promise.all([needOf(model, store, signal), sources.missingBytes(pointedAt, signal)]);
    const need = withMore(needed, model, more);
    throwIfCancelled(signal);
    if (need !== undefined && need.byteLength > unaskedBytes) {
      this.#show({ phase: "offered", need });
      this.#tell("offered", { title: need.title, license: need.license, byteLength: need.byteLength });
      throw new OnestrokeError("cancelled", "the model is large, and nobody has asked for it yet");
    }
    await need?.fetch({
      signal,
      onProgress: ({ hereBytes, totalBytes }) => this.#show({ phase: "loading", share: hereBytes / totalBytes }),
    });
    const sourced = await sources.fetch(pointedAt, signal);
    const onProgress = (progress: Progress): void => {
      if (!signal.aborted) this.#follow(progress);
    };
    const facts = await generator.load(model, { signal, onProgress });
    const asked = recipe ?? (await withTextRows(recipeOfAttributes(this, facts, this.#seed, sourced), generator.count));
    throwIfCancelled(signal);
    this.#view.shape(asked);
    this.#show({ phase: "drawing" });
    return generator.generate(asked, {
      signal,
      onProgress,
      onPreview: (picture, step) => {
        this.#view.paint(picture);
        this.#tell("preview", { picture, step });
      },
    });
  }

  async #finish(drawing: Drawing): Promise<void> {
    this.#drawing = drawing;
    this.#view.paint(drawing.picture);
    this.#internals.states.add("drawn");
    this.#describe();
    this.#show({ phase: "idle" });
    if (this.hasAttribute("name")) this.#internals.setFormValue(await this.toFile(`${this.getAttribute("name") ?? "picture"}.png`));
    this.#tell("drawn", drawing);
  }

  #follow(progress: Progress): void {
    if (progress.stage === "load") this.#show({ phase: "loading", share: progress.loadedBytes / Math.max(1, progress.totalBytes) });
    else this.#show({ phase: "drawing" });
    this.#tell("progress", progress);
  }

  #show(shown: Shown): void {
    this.#view.show(shown);
    const { states } = this.#internals;
    for (const phase of ["idle", "offered", "loading", "drawing", "failed"]) states.delete(phase);
    states.add(shown.phase);
    this.#internals.ariaBusy = String(shown.phase === "loading" || shown.phase === "drawing");
  }

  #describe(): void {
    const said = this.getAttribute("alt") ?? this.#drawing?.recipe.prompt ?? this.getAttribute("prompt");
    this.#view.describe(said ?? "");
    const isMissing = this.hasAttribute("required") && this.#drawing === undefined;
    this.#internals.setValidity(isMissing ? { valueMissing: true } : {}, isMissing ? strings.notDrawn : "");
  }

  #tell(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
