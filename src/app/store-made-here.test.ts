// What a recipe says of LoRAs' files and of float32 holds for what drew it: what is here may draw it otherwise, and a comparison has both
// sides as they are drawn here.
import { describe, expect, test } from "vitest";
import { keepingInMemory } from "./gallery/gallery";
import { otherSide } from "./state";
import { NEW, OLD, setUp, type Version } from "./testing/versioned-app";

const again = { keepsSeed: true } as const;

describe("a LoRA", () => {
  const INK = "prompt=a+pier&seed=5&lora=ink%3A1";
  const OTHER = "cccccccccccc";
  const ink = (hash?: string) => [{ name: "ink", weight: 1, ...(hash !== undefined && { hash }) }];

  test("has the hash of its file in the recipe, in the link and in the gallery; one without it is the same picture", async () => {
    const keep = keepingInMemory();
    const first = setUp({ hash: NEW }, INK, keep);
    await first.app.start();
    expect(first.state().shown?.recipe.loras).toEqual(ink(NEW));
    expect(first.queries.at(-1)).toContain(`lora=ink%3A1%40${NEW}`);
    await first.isKept(1);
    const { app, state, drawn } = setUp({ hash: NEW }, INK, keep);
    await app.start();
    expect([state().shown?.recipe.loras, drawn(), state().notice]).toEqual([ink(NEW), 0, undefined]);
    await app.draw(again);
    expect(drawn()).toBe(0);
  });

  test("of another file under its name draws all the same, and that is said", async () => {
    const { app, state, drawn } = setUp({ hash: NEW }, `${INK}%40${OTHER}`);
    await app.start();
    expect([state().shown?.recipe.loras, drawn()]).toEqual([ink(NEW), 1]);
    expect(state().notice).toContain(`another file of ink (${OTHER})`);
    app.edit({ prompt: "a harbour" });
    await app.draw();
    expect(state().notice, "once").toBeUndefined();
    await app.openLink(`${INK}%40${OTHER}&steps=2`);
    expect(state().notice, "where it is merged already too").toContain(OTHER);
    await app.openLink(`${INK}%40${NEW}&steps=3`);
    expect(state().notice, "control").toBeUndefined();
  });

  test("that is added again with another file draws, though a picture of the one before is kept", async () => {
    const version: Version = { hash: OLD };
    const { app, state, isKept, drawn } = setUp(version);
    const file = new File(["weights"], "ink.safetensors");
    await app.addLora(file);
    await app.addLora(file);
    expect(state().shown?.recipe.loras).toEqual(ink(OLD));
    version.hash = NEW;
    const before = drawn();
    await app.addLora(file);
    expect([state().shown?.recipe.loras, drawn()]).toEqual([ink(NEW), before + 1]);
    expect(state().notice, "who opened the other file knows of it").not.toContain("another file");
    await isKept(2);
    await app.undo();
    expect(state().shown?.recipe.loras, "each is a picture of its own").toEqual(ink(OLD));
  });
});

describe("a comparison of a picture that cannot be drawn as it was", () => {
  const FOG = "prompt=a+pier&negative=fog&seed=5";

  test.each<[string, string, Version, Version]>([
    ["another file of its LoRA", `${FOG}&lora=ink%3A1`, { hash: OLD }, { hash: NEW }],
    ["a network that turns out to need float32", FOG, {}, { inFloat32: ["autoencoder"] }],
  ])("because of %s has both sides as they are drawn now", async (_, query, before, now) => {
    const keep = keepingInMemory();
    const first = setUp(before, query, keep);
    await first.app.start();
    await first.isKept(1);
    const version: Version = { ...before };
    const { app, state, drawn } = setUp(version, query, keep);
    await app.start();
    expect([drawn(), state().model.kind], "control: it is kept").toEqual([0, "ready"]);
    Object.assign(version, now);
    await app.compare(true);
    const sides = [state().shown, otherSide(state())].map((side) => side?.recipe);
    expect(sides.map((side) => side?.negative)).toEqual(["fog", ""]);
    for (const side of sides) expect(side).toMatchObject(now.hash === undefined ? now : { loras: [{ name: "ink", hash: now.hash }] });
    expect([drawn(), state().job]).toEqual([2, undefined]);
    expect(state().notice ?? "").toEqual(now.hash === undefined ? "" : expect.stringContaining(`another file of ink (${OLD})`));
    await app.compare(false);
    await app.compare(true);
    expect(drawn(), "both are known").toBe(2);
  });
});
