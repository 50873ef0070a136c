// Texts come out as ftfy 6.3's `fix_text` and HTML's `unescape`, applied twice, leave them: those programs wrote every expected text
// here. A text that needs no mending is not changed (the controls), and no text takes long or fails.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { mendText } from "./mend-text";
import { fixMojibake } from "./mojibake";

const TABLES: Readonly<Record<string, readonly (readonly [text: string, mended: string])[]>> = {
  "curly quotes": [
    ["a fisherman’s cabin", "a fisherman's cabin"],
    ["“curly” ‘single’ „low“ «quotes» ‛x‟", '"curly" \'single\' "low" «quotes» \'x"'],
    ["don’t DON’T, l’été", "don't DON'T, l'été"],
  ],
  "ligatures and digraphs": [
    ["ﬁne ﬂuﬀy ﬃ ﬄ ﬆ ﬅ", "fine fluffy ffi ffl st ſt"],
    ["ĳ Ĳ ŉ Ǆ ǉ", "ij IJ 'n DŽ lj"],
  ],
  "full and half width": [
    ["ＬＯＵＤ　ＮＯＩＳＥＳ １２３！", "LOUD NOISES 123!"],
    ["Ｕﾀｰﾝ", "Uターン"],
  ],
  entities: [
    ["caf&eacute; &amp; bar &amp;amp; &hellip; &#x2019; &#39; &semi;", "café & bar & … ' ' ;"],
    ["P&EACUTE;REZ &NTILDE; &nTILDE;", "PÉREZ Ñ &nTILDE;"],
    ["this&not that &copy2 &#128;", "this¬ that ©2 €"],
    ["<b>&rsquo;s &amp;amp;</b>", "<b>’s &</b>"],
  ],
  "UTF-8 read as something else": [
    ["CafÃ© â€œquoteâ€\x9d", 'Café "quote"'],
    ["fishermanâ€™s", "fisherman's"],
    ["fishermanâ\x80\x99s", "fisherman's"],
    ["fishermanÃ¢â‚¬â„¢s", "fisherman's"],
    ["voilÃ le travail", "voilà le travail"],
    ["â€œ like this â€\ufffd", '" like this �'],
    ["РџСЂРёРІРµС‚", "Привет"],
    ["‚Äôs ‚Äú", "'s \""],
    ["Ø§Ù„Ø³Ù„Ø§Ù…", "السلام"],
    ["ðŸ¦„ unicorn", "🦄 unicorn"],
    ["a photo of cafÃ©, 日本", "a photo of café, 日本"],
    ["Â£5, 20Â°C", "£5, 20°C"],
  ],
  "what has no sign of its own": [
    ["\x1b[31mred\x1b[0m nul\x00end \ufeffbom", "red nulend bom"],
    ["tab\tnew\r\nline\u2028x", "tab\tnew\nline\nx"],
    ["cafe\u0301", "café"],
    ["a\ud800b", "a\ufffdb"],
  ],
  "control: what is in order": [
    ["naïve café, schöne Grüße, mañana, Łódź, İstanbul, Å", "naïve café, schöne Grüße, mañana, Łódź, İstanbul, Å"],
    ["日本の風景 красивый закат مرحبا Ελληνικά", "日本の風景 красивый закат مرحبا Ελληνικά"],
    ["👨\u200d👩\u200d👧 🦄 ½ ² ™ €5 – 5×3 œuvre", "👨\u200d👩\u200d👧 🦄 ½ ² ™ €5 – 5×3 œuvre"],
    ["a hill, 8k!!! (best quality:1.2) #tag @user <lora:x>", "a hill, 8k!!! (best quality:1.2) #tag @user <lora:x>"],
    ["", ""],
  ],
};

describe.each(Object.entries(TABLES))("%s", (_, rows) => {
  it.each(rows)("%j", (text, mended) => expect(mendText(text)).toBe(mended));
});

test("a text that was mended needs no more mending, but for entities that come to light", () => {
  const typed = fc.string({ unit: fc.constantFrom(..."abc é’“”ﬁＡÃ©â€™Â ”<;"), maxLength: 40 });
  fc.assert(
    fc.property(typed, (text) => {
      expect(mendText(mendText(text))).toBe(mendText(text));
    }),
  );
});

test("any text is mended, ASCII but for entities stays, and the result is well-formed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      expect(mendText(text).isWellFormed()).toBe(true);
      const plain = text.replace(/[^ -~]|&/g, "");
      expect(mendText(plain)).toBe(plain);
    }),
  );
});

test("wrong decodings in one another are undone, one by one", () => {
  const wrong = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
  let text = "café";
  for (let i = 0; i < 4; i++) text = wrong(text);
  expect(fixMojibake(text)).toBe("café");
});
