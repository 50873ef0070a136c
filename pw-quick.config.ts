import base from "./playwright.config.ts";
export default { ...base, testDir: "/work/shape/e2e", timeout: 900_000, expect: { timeout: 240_000 }, outputDir: "/tmp/pw-results" };
