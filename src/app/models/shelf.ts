// What a visitor does with models: looks at them, gets one, pauses, checks, removes. Each model has one activity at a time;
// what several tabs do at once is settled by the vault's locks.
import type { ModelStore } from "../../library";
import type { DownloadPlan, DownloadProgress, HandedModel, ModelOffer } from "../../common/download";
import { OnestrokeError } from "../../common/errors";
import type { AppStore } from "../state";
import { strings } from "../strings";
import { surveyGpu } from "./gpu-survey";
import { hubAccess, type HubAccess } from "./hub-token";
import { keptFolders, type KeptFolders } from "./kept-folders";
import { Rate } from "./rate";
import type { Activity, ModelsState } from "./state";

export interface ModelShelf {
  /** Opens the panel. @param wanted the model to bring into view */
  openModels(wanted?: string): void;
  closeModels(): void;
  /** Opens the panel at a model that is not here, and asks the hub about it. @param name an id of the catalogue, or `owner/name[@revision]` */
  getModel(name: string): void;
  /** Asks the hub what a model is, and shows it before anything large is fetched. */
  inspect(name: string): Promise<void>;
  /** Fetches what is missing of a model: begins a download, or goes on with it. */
  download(id: string): Promise<void>;
  /** Stops what goes on with the model. What has arrived stays. */
  pause(id: string): void;
  verify(id: string): Promise<void>;
  /** Copies a folder that is open into this browser. */
  copy(id: string): Promise<void>;
  /** Lets a person choose a folder of this device. @returns undefined where they chose none */
  pickFolder(): Promise<HandedModel | undefined>;
  /** Opens the folder of an earlier visit, if the person lets the page read it. */
  reopenFolder(id: string): Promise<HandedModel | undefined>;
  askToRemove(id: string): void;
  remove(id: string): Promise<void>;
  /** An access token for repositories that ask for one; "" for none. */
  useToken(token: string): Promise<void>;
  /** Whether this browser is to keep it over visits. */
  keepToken(isWanted: boolean): Promise<void>;
  /** Takes back a question, or a failure that was read. */
  dismiss(id: string): void;
  /** Looks again what is here. */
  refresh(): Promise<void>;
}

/** @param clock milliseconds that never go back */
export function createModelShelf(
  store: AppStore,
  models: ModelStore,
  folders: KeptFolders = keptFolders(),
  access: HubAccess = hubAccess(models),
  clock: () => number = () => performance.now(),
): ModelShelf {
  const aborts = new Map<string, AbortController>();

  const set = (change: Partial<ModelsState>): void => store.setState((state) => ({ models: { ...state.models, ...change } }));
  const activityOf = (id: string): Activity | undefined => store.getState().models.activities.get(id);
  const planOf = (id: string): DownloadPlan | undefined => store.getState().models.kept?.find(({ plan }) => plan.model === id)?.plan;

  function setActivity(id: string, activity: Activity | undefined): void {
    const activities = new Map(store.getState().models.activities);
    if (activity === undefined) activities.delete(id);
    else activities.set(id, activity);
    set({ activities });
  }

  /** Does one thing with a model, unless it is busy, and shows how it failed. */
  async function act(id: string, first: Activity, work: (signal: AbortSignal) => Promise<Activity | undefined>): Promise<void> {
    if (aborts.has(id)) return;
    const abort = new AbortController();
    aborts.set(id, abort);
    setActivity(id, first);
    try {
      const next = await work(abort.signal);
      await refresh();
      setActivity(id, next);
    } catch (thrown) {
      const error = OnestrokeError.from(thrown, "download-failed");
      await refresh();
      setActivity(id, error.code === "cancelled" ? undefined : { kind: "failed", error });
    } finally {
      aborts.delete(id);
    }
  }

  async function refresh(): Promise<void> {
    // A panel that cannot look into the vault still shows the catalogue, and what it knew: a model that cannot be seen is not one that is gone.
    const known = (): ModelsState["kept"] => store.getState().models.kept ?? [];
    const [kept, room, names] = await Promise.all([models.list().catch(known), models.room().catch(() => undefined), folders.names()]);
    set({ kept, room, folders: names });
  }

  function onDownloading(id: string, offer: ModelOffer | undefined): (progress: DownloadProgress) => void {
    const rate = new Rate();
    return (progress) => setActivity(id, { kind: "downloading", offer, progress, bytesPerSecond: rate.add(progress.hereBytes, clock()) });
  }

  async function settleToken(work: Promise<boolean>): Promise<void> {
    const keepsToken = await work;
    set({ keepsToken, hasToken: access.isThere() });
  }

  /** Before the hub is asked for anything. It is read once; a visit that asks no hub does not look for it. */
  let restoring: Promise<void> | undefined;
  const restored = (): Promise<void> => (restoring ??= settleToken(access.restore()));

  async function download(id: string): Promise<void> {
    const activity = activityOf(id);
    const offer = activity?.kind === "offered" ? activity.offer : undefined;
    const plan = offer?.plan ?? planOf(id);
    // Without a plan nobody has seen its size and its licence yet.
    if (plan === undefined) return inspect(id);
    await act(id, { kind: "downloading", offer, progress: undefined, bytesPerSecond: undefined }, async (signal) => {
      // Browsers want a person's click for this, and a refusal changes nothing but what the panel says.
      await models.persist().catch(() => false);
      await restored();
      await models.fetch(plan, { signal, onProgress: onDownloading(id, offer) });
      store.setState({ status: strings.models.arrived(plan.title) });
      return undefined;
    });
  }

  async function inspect(name: string): Promise<void> {
    await act(name, { kind: "inspecting" }, async (signal) => {
      await restored();
      return { kind: "offered", offer: await models.inspect(name, { signal }) };
    });
  }

  function openModels(wanted?: string): void {
    set({ isOpen: true, wanted });
    void refresh();
    void restored();
    void surveyGpu().then((gpu) => set({ gpu }));
  }

  return {
    openModels,
    getModel(name) {
      openModels(name);
      void inspect(name);
    },
    closeModels: () => set({ isOpen: false, wanted: undefined }),
    inspect,
    download,
    pause: (id) => aborts.get(id)?.abort(),
    async verify(id) {
      const plan = planOf(id);
      if (plan === undefined) return;
      await act(id, { kind: "verifying", progress: undefined }, async (signal) => {
        const onProgress = (progress: DownloadProgress): void => setActivity(id, { kind: "verifying", progress });
        const { damaged } = await models.verify(id, { signal, onProgress });
        return { kind: "verified", damaged };
      });
    },
    async copy(id) {
      await act(id, { kind: "downloading", offer: undefined, progress: undefined, bytesPerSecond: undefined }, async (signal) => {
        await models.persist().catch(() => false);
        const { plan } = await models.copy(id, { signal, onProgress: onDownloading(id, undefined) });
        await folders.forget(id);
        store.setState({ status: strings.models.arrived(plan.title) });
        return undefined;
      });
    },
    async pickFolder() {
      const own = await folders.pick();
      await refresh();
      return own;
    },
    async reopenFolder(id) {
      const own = await folders.open(id);
      if (own !== undefined) return own;
      const remedy = strings.models.own.notOpened;
      setActivity(id, { kind: "failed", error: new OnestrokeError("model-missing", strings.models.own.closed(id), { remedy }) });
      return undefined;
    },
    askToRemove: (id) => setActivity(id, { kind: "asking to remove" }),
    async remove(id) {
      await act(id, { kind: "removing" }, async () => {
        await models.remove(id);
        // Its files stay where they are.
        await folders.forget(id);
        return undefined;
      });
    },
    useToken: (token) => settleToken(access.use(token)),
    keepToken: (isWanted) => settleToken(access.keep(isWanted)),
    dismiss: (id) => setActivity(id, undefined),
    refresh,
  };
}
