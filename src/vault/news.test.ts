// News go from one worker to the others under the same name, and what another version of the page says in other words is no news.
import { expect, test, vi } from "vitest";
import { broadcastNews, type VaultNews } from "./news";

const PROGRESS: VaultNews = { model: "owner/name", bytes: { here: 1, total: 2 } };
const WHOLE: VaultNews = { model: "owner/name", whole: "owner/name@main/config.json" };

test("are heard by everybody else until they stop listening", async () => {
  const heard: VaultNews[] = [];
  const stop = broadcastNews("news").listen((news) => heard.push(news));
  const elsewhere: VaultNews[] = [];
  const stopElsewhere = broadcastNews("other news").listen((news) => elsewhere.push(news));
  const teller = broadcastNews("news");
  teller.tell(PROGRESS);
  teller.tell(WHOLE);
  await vi.waitFor(() => expect(heard).toEqual([PROGRESS, WHOLE]));
  expect(elsewhere).toEqual([]);
  stop();
  const others: VaultNews[] = [];
  const stopOthers = broadcastNews("news").listen((news) => others.push(news));
  teller.tell(PROGRESS);
  await vi.waitFor(() => expect(others).toEqual([PROGRESS]));
  expect(heard).toHaveLength(2);
  stopElsewhere();
  stopOthers();
});

test("are read as if a stranger had told them", async () => {
  const heard: VaultNews[] = [];
  const stop = broadcastNews("strange").listen((news) => heard.push(news));
  const stranger = new BroadcastChannel("strange");
  const told = [null, "a text", [], {}, { model: 1 }, { model: "m", whole: 2, bytes: { here: "1", total: 2 } }, { ...WHOLE, later: true }];
  for (const each of told) stranger.postMessage(each);
  await vi.waitFor(() => expect(heard).toEqual([{ model: "m" }, WHOLE]));
  stranger.close();
  stop();
});
