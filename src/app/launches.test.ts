// Where an address leads that comes to an open page, from the address bar or from the system.
import { afterEach, expect, test, vi } from "vitest";
import { receiveLaunches } from "./launches";
import { draw, setUp } from "./testing/fake-app";

afterEach(() => vi.unstubAllGlobals());

/** An open page, and two ways to an address of it. */
async function openPage() {
  const page = new EventTarget();
  const location = { hash: "" };
  const consumers: ((launch: { targetURL: string; files: [] }) => void)[] = [];
  vi.stubGlobal("window", { launchQueue: { setConsumer: (consumer: (typeof consumers)[0]) => consumers.push(consumer) } });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("location", location);
  vi.stubGlobal("navigator", { userAgent: "a browser" });
  const it = setUp();
  receiveLaunches(it.app);
  await draw(it.app, { prompt: "half a sentence" });
  return {
    ...it,
    paste: (hash: string) => {
      location.hash = hash;
      page.dispatchEvent(new Event("hashchange"));
    },
    launch: (hash: string) => consumers[0]?.({ targetURL: `https://page.example/${hash}`, files: [] }),
  };
}

test.each(["paste", "launch"] as const)(
  "%s: the examination's address opens it and leaves the controls alone; a link closes it",
  async (way) => {
    const page = await openPage();
    page[way]("#doctor");
    expect(page.state()).toMatchObject({ doctor: { isOpen: true }, draft: { prompt: "half a sentence" } });
    page[way]("#prompt=a+fox");
    await vi.waitFor(() => expect(page.state().shown?.recipe.prompt).toBe("a fox"));
    expect(page.state().doctor.isOpen).toBe(false);
    expect(page.asked.map(({ prompt }) => prompt)).toEqual(["half a sentence", "a fox"]);
  },
);
