// Begins with a picture in place of noise: the shown one, or one that somebody chooses, drops or pastes. A recipe only names the picture that
// it was drawn over; where it is, pictures.ts knows.
import type { Picture } from "../../common/picture";
import { OnestrokeError } from "../../common/errors";
import { knownFactsOf } from "../known-facts";
import { editDraft, factsOf, type AppStore } from "../state";
import { exploring } from "../strings-exploring";
import type { StartPictures } from "./pictures";
import { strengthOf } from "./strength";

export interface Starting {
  /** Begins the next pictures with the shown one. */
  startFromShown(): Promise<void>;
  /** The same with a file. What is no picture is said to be none. */
  startFromFile(file: Blob): Promise<void>;
  /** The same with one frame of the camera. Where there is none, it is said why and what to do. */
  startFromCamera(): Promise<void>;
  /** Begins with noise again. */
  startFromNoise(): void;
}

export function createStarting(store: AppStore, pictures: StartPictures, remark: (text: string) => void): Starting {
  /** Whether the model draws over no picture, which is said. */
  function isRefused(): boolean {
    const facts = factsOf(store.getState());
    if (facts?.readsPictures !== false) return false;
    remark(exploring.start.unable(facts));
    return true;
  }

  /** Finds the picture that the controls have come to name, as by a recipe that was brought back. */
  async function look(): Promise<void> {
    const name = store.getState().draft.start?.picture;
    store.setState({ startPicture: undefined });
    if (name === undefined) return;
    const picture = await pictures.whole(name);
    if (store.getState().draft.start?.picture === name) store.setState({ startPicture: { name, picture } });
  }

  store.subscribe(({ draft }, before) => {
    if (draft.start?.picture !== before.draft.start?.picture) void look();
  });
  void look();

  async function startFrom(picture: Picture): Promise<void> {
    const name = await pictures.add(picture);
    // Another model may draw by the time that the picture is there.
    if (isRefused()) return;
    const state = store.getState();
    const most = knownFactsOf(state)?.maxSteps ?? state.draft.steps;
    // In a single step, which goes all the way from noise, little of a picture would stay.
    const steps = state.draft.steps > 1 ? state.draft.steps : Math.min(most, 4);
    editDraft(store, { steps, start: { picture: name, strength: strengthOf(Math.ceil(steps / 2), steps) } });
    remark(exploring.start.taken);
  }

  return {
    async startFromShown() {
      const { shown } = store.getState();
      if (shown !== undefined && !isRefused()) await startFrom(shown.picture);
    },

    async startFromFile(file) {
      if (isRefused()) return;
      const picture = await pictures.tools.read(file).catch(() => undefined);
      if (picture === undefined) return remark(exploring.start.unreadable);
      await startFrom(picture);
    },

    async startFromCamera() {
      if (isRefused()) return;
      try {
        await startFrom(await pictures.tools.snap());
      } catch (thrown) {
        const { message, remedy } = OnestrokeError.from(thrown, "invalid-input");
        remark(`${message} ${remedy}`);
      }
    },

    startFromNoise: () => editDraft(store, { start: undefined }),
  };
}
