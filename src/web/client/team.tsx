/** @jsxImportSource preact */
/** The team's page and a project's, in the browser: take over what the server drew, then follow. */
import { hydrate } from "preact";
import { behave } from "./behave.ts";
import { list, record } from "./field.ts";
import { isAgent, isHere, isProject, isTeam, isTeamFrame } from "./guard.ts";
import { startKeys } from "./keys.ts";
import { startLive } from "./live.ts";
import { ProjectView } from "./team/project.tsx";
import { startTeamStore } from "./team/store.ts";
import { TeamView } from "./team/view.tsx";

behave();
start();

function start(): void {
  const root = document.getElementById("root");
  const value: unknown = JSON.parse(document.getElementById("data")?.textContent ?? "null");
  const { team, project, home, next, now, viewer, here, url } = record(value);
  if (!root || !isTeam(team) || typeof viewer !== "string") return;
  const store = startTeamStore(team, typeof now === "number" ? now : Date.now());
  const who = { viewer, here: isHere(here) ? here : undefined };
  const of = isProject(project) ? project : undefined;
  hydrate(
    of ? (
      <ProjectView
        {...who}
        store={store}
        project={of}
        home={list(home).filter(isAgent)}
        next={typeof next === "string" ? next : null}
      />
    ) : (
      <TeamView {...who} store={store} url={String(url)} />
    ),
    root,
  );
  const { signal } = new AbortController();
  startKeys({}, signal);
  store.now.value = Date.now();
  setInterval(() => {
    store.now.value = Date.now();
  }, 10_000);
  startLive(
    {
      address: () => {
        const query = new URLSearchParams({ since: String(store.since()) });
        if (of) query.set("project", of.slug);
        return `/live/sessions?${query}`;
      },
      read({ event, id, data }) {
        if (event !== "team") return undefined;
        const frame: unknown = JSON.parse(data);
        return isTeamFrame(frame) ? { frame, id: Number(id) } : undefined;
      },
      onNews(news) {
        for (const { frame, id } of news) store.take(frame, id);
      },
      onState(state) {
        store.now.value = Date.now();
        store.live.value = state;
      },
    },
    signal,
  );
}
