// The known checkpoints, parsed. Each is one JSON file in models/catalogue; add a new one to the list here.
import type { JsonObject } from "../common/json";
import { parseCatalogueEntry, withPreset, type CatalogueEntry } from "./entry";
import dmd2Sdxl1step from "../../models/catalogue/dmd2-sdxl-1step.json";
import dmd2Sdxl4step from "../../models/catalogue/dmd2-sdxl-4step.json";
import escB2 from "../../models/catalogue/esc-b-2.json";
import escXl2 from "../../models/catalogue/esc-xl-2.json";
import hyperSdxl1step from "../../models/catalogue/hyper-sdxl-1step.json";
import imfB2 from "../../models/catalogue/imf-b-2.json";
import lcmDreamshaperV7 from "../../models/catalogue/lcm-dreamshaper-v7.json";
import nitrosdRealism from "../../models/catalogue/nitrosd-realism.json";
import nitrosdVibrant from "../../models/catalogue/nitrosd-vibrant.json";
import sdTurbo from "../../models/catalogue/sd-turbo.json";
import sdxlTurbo from "../../models/catalogue/sdxl-turbo.json";
import sdxs512Dreamshaper from "../../models/catalogue/sdxs-512-dreamshaper.json";
import swiftbrush from "../../models/catalogue/swiftbrush.json";
import vignette from "../../models/catalogue/vignette.json";

const parse = (entry: JsonObject & { readonly id: string }): CatalogueEntry =>
  parseCatalogueEntry(entry, `models/catalogue/${entry.id}.json`);

/** The model that ships with the app. */
export const VIGNETTE = parse(vignette);

export const CATALOGUE: readonly CatalogueEntry[] = [
  VIGNETTE,
  ...[
    sdTurbo,
    sdxs512Dreamshaper,
    sdxlTurbo,
    nitrosdRealism,
    nitrosdVibrant,
    dmd2Sdxl1step,
    dmd2Sdxl4step,
    hyperSdxl1step,
    swiftbrush,
    lcmDreamshaperV7,
    escXl2,
    escB2,
    imfB2,
  ].map(parse),
];

/** @param id an entry's id, or one with a preset of its after a plus, such as `sd-turbo+large-decoder` */
export function catalogueEntry(id: string): CatalogueEntry | undefined {
  const [base, preset, ...rest] = id.split("+");
  const entry = rest.length > 0 ? undefined : CATALOGUE.find((candidate) => candidate.id === base);
  return entry === undefined || preset === undefined ? entry : withPreset(entry, preset);
}
