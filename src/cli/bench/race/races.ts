// All races, by the names that the command line takes.
import type { ByteStore } from "../../../checkpoints/byte-source";
import { OnestrokeError } from "../../../common/errors";
import { madeUpRaces } from "./made-up-networks";
import type { Race } from "./racer";
import { vignetteRaces } from "./vignette";

export const RACES = [
  "vignette-unet",
  "vignette-decoder",
  "vignette-text",
  "vignette-picture",
  "sd21-unet-tiny",
  "sd21-unet-half",
  "taesd-256",
] as const;

export type RaceName = (typeof RACES)[number];

/** @param vignette with all files of models/vignette */
export function raceNamed(name: RaceName, vignette: ByteStore): Race {
  const race = [...vignetteRaces(vignette), ...madeUpRaces()].find((each) => each.name === name);
  if (race === undefined) throw new OnestrokeError("invalid-input", `there is no race ${name}`);
  return race;
}
