// A model's report as text.
import type { ModelReport } from "../../hub/inspect";
import { OnestrokeError } from "../../common/errors";
import type { License, NetworkName } from "../../common/model-facts";
import { bytesText } from "./progress";

export function reportText({ title, license, repositories, pipelineClass, found, refused }: ModelReport): string {
  const isGated = repositories.some((repository) => repository.isGated);
  const lines = [
    title,
    ...repositories.map(({ name, commit }) => `  ${name}${name.endsWith(commit) ? "" : ` at ${commit}`}`),
    `licence: ${licenseText(license)}${isGated ? ", to be accepted before its files can be fetched" : ""}`,
    ...(pipelineClass === undefined ? [] : [`pipeline: ${pipelineClass}`]),
  ];
  if (found !== undefined) {
    const { outline, downloadBytes } = found;
    const { family, defaultSize, trainedSizes, maxSteps, parts, gpuBytes, smallerGpuBytes: smaller, turns, readAs } = outline;
    lines.push(
      `can be drawn with${readAs === "graphs" ? ", on ONNX Runtime (--engine ort-webgpu or ort-wasm)" : ""}: ${family}, ${trainedSizes.map(({ side }) => `${side} x ${side}`).join(" and ")}, up to ${maxSteps} steps`,
      ...parts.map(({ name, byteLength }) => `  ${name}: ${bytesText(byteLength)}`),
      `download: ${bytesText(downloadBytes)}; GPU memory: about ${bytesText(gpuBytes)} at ${defaultSize} x ${defaultSize}${turnsText(turns)}`,
      ...(smaller === undefined
        ? []
        : [`  with weights of 8 bits about ${bytesText(smaller.q8)}, of 4 bits about ${bytesText(smaller.q4)}`]),
    );
  }
  if (refused !== undefined) {
    const { message, remedy } = OnestrokeError.fromWire(refused);
    lines.push(`cannot be drawn with: ${message}`, remedy);
  }
  return lines.join("\n");
}

function turnsText(turns: readonly NetworkName[]): string {
  return turns.length === 0 ? "" : `, where ${turns.map((name) => name.replaceAll("_", " ")).join(" and ")} take turns`;
}

function licenseText(license: License | undefined): string {
  if (license === undefined) return "not stated";
  return license.commercial === false ? `${license.id}, not for commercial use` : license.id;
}
