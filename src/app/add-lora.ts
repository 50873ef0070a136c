// Adds a LoRA from a file that somebody opened. A file may come under the name of one before: what is known of that holds no longer.
import type { ModelStore } from "../library";
import { loraName } from "../common/recipe-lora";
import type { Draft } from "./draft";
import { isWrongFile } from "./models/wrong-file";
import type { DrawOptions, PictureDrawing } from "./picture-drawing";
import type { AppStore } from "./state";
import { strings } from "./strings";

interface Tools {
  readonly models: Pick<ModelStore, "lendLora" | "loraOf">;
  readonly pictures: Pick<PictureDrawing, "cancel">;
  readonly edit: (change: Partial<Draft>) => void;
  readonly draw: (options: DrawOptions) => Promise<void>;
  readonly remark: (notice: string) => void;
}

/** @returns what adds a file as a LoRA of its name, and draws with it */
export function createLoraAdding(store: AppStore, { models, pictures, edit, draw, remark }: Tools): (file: File) => Promise<void> {
  /** Which file of that name is merged into the loaded model says nothing of this one. */
  function forgetHash(name: string): void {
    const { model } = store.getState();
    if (model.kind !== "ready" || model.facts.loras === undefined) return;
    const loras = model.facts.loras.map((lora) => (lora.name === name ? { name, weight: lora.weight } : lora));
    store.setState({ model: { ...model, facts: { ...model.facts, loras } } });
  }

  /** It is no LoRA that is read, as the error says: what drew before draws on. */
  function takeBack(name: string, { loras = [] }: Draft, replaced: Blob | undefined): void {
    if (replaced !== undefined) models.lendLora(name, replaced);
    store.setState(({ freshLoras }) => ({ freshLoras: new Map([...freshLoras].filter(([fresh]) => fresh !== name)) }));
    const before = loras.filter((lora) => lora.name === name);
    edit({ loras: [...(store.getState().draft.loras ?? []).filter((lora) => lora.name !== name), ...before] });
  }

  return async (file) => {
    const name = loraName(file.name.replace(/\.[^.]+$/, ""));
    const replaced = models.loraOf(name);
    models.lendLora(name, file);
    const { draft, job } = store.getState();
    const others = (draft.loras ?? []).filter((lora) => lora.name !== name);
    store.setState(({ freshLoras }) => ({ freshLoras: new Map(freshLoras).set(name, file) }));
    edit({ loras: [...others, { name, weight: 1 }] });
    forgetHash(name);
    // What is being drawn has the file before, though its recipe may look the same.
    if (job?.beside === undefined && job?.recipe.loras?.some((lora) => lora.name === name) === true) pictures.cancel();
    // A picture that is kept may be of another file of that name.
    const drawing = draw({ anew: true });
    remark(strings.loras.added(name));
    await drawing;
    const { error, model, freshLoras } = store.getState();
    // Where the model itself is not there, the file is none the worse for it.
    if (isWrongFile(error) && model.kind === "ready" && freshLoras.get(name) === file) takeBack(name, draft, replaced);
  };
}
