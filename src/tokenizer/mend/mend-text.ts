// What CLIP's own tokenizer does to a text before it splits it (OpenAI's `simple_tokenizer.py`): ftfy's `fix_text` with its
// defaults, then HTML's entities twice. Phones type curly quotes, documents have ligatures and pages have entities, and the model was
// trained on none of them. The tokenizer handles white space and case. Only what is read changes: recipes keep what was typed.
import { decodeHTML } from "entities/decode";
import { fixMojibake, withoutC1 } from "./mojibake";

export function mendText(text: string): string {
  return decodeHTML(decodeHTML(fixText(text.toWellFormed())));
}

/** Mends a text line by line. From the first line with markup on, entities are left alone. */
function fixText(text: string): string {
  let withEntities = true;
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      withEntities &&= !line.includes("<");
      return fixLine(line, withEntities);
    })
    .join("");
}

/** What one pass uncovers, the next one mends; texts stop changing after two or three passes. */
const MOST_PASSES = 16;

function fixLine(line: string, withEntities: boolean): string {
  let fixed = line;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const before = fixed;
    fixed = fixOnce(withEntities ? unescapeWhole(before) : before);
    if (fixed === before) break;
  }
  return fixed;
}

function fixOnce(text: string): string {
  return withoutC1(fixMojibake(text))
    .replaceAll(/[ĲĳŉǄ-ǌǱ-ǳﬀ-ﬆ]/g, (ligature) => LIGATURES.get(ligature) ?? ligature)
    .replaceAll(/[\u3000\uff01-\uffef]/g, (wide) => wide.normalize("NFKC"))
    .replaceAll(/[\u201c-\u201f]/g, '"')
    .replaceAll(/[\u02bc\u2018-\u201b]/g, "'")
    .replaceAll(/\r\n|[\r\u2028\u2029\u0085]/g, "\n")
    .replaceAll(TERMINAL_ESCAPE, "")
    .replaceAll(CONTROL, "")
    .normalize("NFC");
}

/** Ligatures of Latin letters only, and digraphs that are one character only because of old encodings; each with its letters. */
const LIGATURES: ReadonlyMap<string, string> = new Map(
  "ĲIJ ĳij ŉʼn ǱDZ ǲDz ǳdz ǄDŽ ǅDž ǆdž ǇLJ ǈLj ǉlj ǊNJ ǋNj ǌnj ﬀff ﬁfi ﬂfl ﬃffi ﬄffl ﬅſt ﬆst"
    .split(" ")
    .map(([ligature = "", ...letters]) => [ligature, letters.join("")]),
);

const ESCAPE = "\u001b";
/** Escape sequences that set the colours of terminals. */
const TERMINAL_ESCAPE = new RegExp(`${ESCAPE}\\[[\\d;]*[a-zA-Z]`, "g");
/** Characters without a visible form, except tabs, line breaks, joiners and direction marks. */
const CONTROL = /[^\P{Cc}\t\n\f\r\x80-\x9f]|[\u206a-\u206f\ufeff\ufff9-\ufffc]/gu;

/** Decodes entities that end in a semicolon, and those in capitals as well if the capitals are not an entity themselves. */
function unescapeWhole(text: string): string {
  return text.replaceAll(/&#?[0-9A-Za-z]{1,24};/g, (entity) => {
    const decoded = decodeHTML(entity);
    if (!decoded.includes(";") || entity === "&semi;") return decoded;
    const lower = entity === entity.toUpperCase() && !entity.startsWith("&#") ? decodeHTML(entity.toLowerCase()) : ";";
    return lower.includes(";") ? entity : lower.toUpperCase();
  });
}
