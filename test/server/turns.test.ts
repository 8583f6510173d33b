import { expect, test } from "bun:test";
import { type Polaris, startMachine, startPolaris } from "../helpers/polaris.ts";

const seqs = async (polaris: Polaris, project: string) =>
  (await polaris.messages(`/projects/${project}`)).map(({ seq }) => seq);

test("readers are answered while many machines wait for one project", async () => {
  await using polaris = await startPolaris();
  const machines = Array.from({ length: 20 }, (_, n) =>
    startMachine({ project: "busy", name: `s-${n}` }),
  );
  const [first] = machines;
  if (!first) throw new Error("no machine");
  await polaris.ingest([first.head(), first.line()]);
  const { answers } = await polaris.database.admin.begin(async (tx) => {
    await tx`select from projects where slug = 'busy' for update`;
    const answers = machines.map((machine) => polaris.ingest([machine.head(), machine.line()]));
    for (let turn = 0; turn < 10; turn++) {
      const response = await polaris.call("/projects", { signal: AbortSignal.timeout(2000) });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
    return { answers };
  });
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  expect(await seqs(polaris, "busy")).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
});

test("a batch that is known in part adds the rest, without a gap and in order", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine({ project: "again" });
  const [one, two, three, four] = [machine.line(), machine.line(), machine.line(), machine.line()];
  await polaris.ingest([machine.head(), one, three]);
  const { answer } = await polaris.ingest([machine.head(), one, two, three, four]);
  expect(answer).toMatchObject({ stored: 2, known: 2, acked: { [machine.session]: 4 } });
  const events = await polaris.messages("/projects/again");
  expect(events.map(({ seq, text }) => [seq, text])).toEqual([
    [1, "prompt 1"],
    [2, "prompt 3"],
    [3, "prompt 2"],
    [4, "prompt 4"],
  ]);
  const session = await polaris.json<{ prompts: number }>("/projects/again/sessions/s-0001");
  expect(session.prompts).toBe(4);
});

test("batches that overlap at the same moment are stored once, without a gap", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine({ project: "overlap" });
  const lines = Array.from({ length: 60 }, () => machine.line());
  await polaris.ingest([machine.head(), machine.line()]);
  const batches = Array.from({ length: 12 }, (_, n) => lines.slice(n * 4, n * 4 + 16));
  const answers = await Promise.all(
    batches.map((batch) => polaris.ingest([machine.head(), ...batch])),
  );
  const stored = answers.reduce((sum, { answer }) => sum + answer.stored, 0);
  expect(stored).toBe(60);
  expect(await seqs(polaris, "overlap")).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
});

test("an id in capital letters is the same event", async () => {
  await using polaris = await startPolaris();
  const machine = startMachine({ project: "capitals" });
  const id = Bun.randomUUIDv7();
  const batch = [machine.head(), machine.line({ id: id.toUpperCase() }), machine.line({ id })];
  const { answer } = await polaris.ingest(batch);
  expect(answer).toMatchObject({ stored: 1, known: 1 });
  expect((await polaris.ingest(batch)).answer).toMatchObject({ stored: 0, known: 2 });
});
