// `npm run models`: what is kept of the hub's models in its cache folder, and what a repository is before it is fetched.
// Progress goes to stderr; stdout holds the answer, as JSON with --json.
import { parseArgs } from "node:util";
import { OnestrokeError } from "../common/errors";
import { answer, USAGE } from "./models/commands";

try {
  const text = { type: "string" } as const;
  const options = {
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    to: text,
    weights: text,
  } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) process.stdout.write(`${USAGE}\n`);
  else {
    const answered = await answer(positionals, values);
    process.stdout.write(`${values.json ? JSON.stringify(answered.json) : answered.text}\n`);
  }
} catch (thrown) {
  const error = OnestrokeError.from(thrown, "invalid-input");
  process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  process.exitCode = 1;
}
