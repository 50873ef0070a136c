// Counts what somebody types, with the tokenizer of the model that is loaded, and says in the controls how many rows the texts need. One
// question is asked at a time, and the newest text last.
import type { CountedTexts, TextLengths } from "../../common/drawing";
import { mayBeLong, neededRows } from "../../common/text-rows";
import { leavesOut } from "../comparison";
import { textsOf } from "../draft";
import type { Generator } from "../../library";
import type { AppStore } from "../state";

export interface TextCounting {
  /** Undefined where everything is counted, or so short that it need not be; else resolves once it is. A recipe that is made then has the rows that it needs. */
  counting(): Promise<void> | undefined;
}

export function createTextCounting(store: AppStore, generator: Pick<Generator, "count">): TextCounting {
  let running: Promise<void> | undefined;

  async function count(): Promise<void> {
    let asked: CountedTexts;
    do {
      asked = textsOf(store.getState().draft);
      const lengths = await generator.count(asked);
      if (isSame(asked, textsOf(store.getState().draft))) take(lengths);
    } while (!isSame(asked, textsOf(store.getState().draft)));
    running = undefined;
  }

  function take(lengths: TextLengths | undefined): void {
    const { draft } = store.getState();
    const rows = draft.keepsRows === true ? draft.rows : neededRows(lengths, leavesOut(draft));
    store.setState({ lengths, ...(rows === draft.rows ? {} : { draft: { ...draft, rows } }) });
  }

  store.subscribe(({ draft, model }, before) => {
    const isNew = draft !== before.draft && !isSame(textsOf(draft), textsOf(before.draft));
    const isLoaded = model.kind === "ready" && before.model.kind !== "ready";
    // A short text is drawn without waiting, so it must not have the rows of the text before.
    if (isNew && draft.rows !== undefined && draft.keepsRows !== true && !mayBeLong(draft)) {
      store.setState({ draft: { ...draft, rows: undefined } });
    }
    if (isNew || isLoaded) running ??= count();
  });
  return { counting: () => (mayBeLong(store.getState().draft) ? running : undefined) };
}

function isSame(left: CountedTexts, right: CountedTexts): boolean {
  return left.model === right.model && left.prompt === right.prompt && left.negative === right.negative && left.emphasis === right.emphasis;
}
