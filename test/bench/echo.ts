/** The floor of the journal's bench, as a process of its own: parses, answers, keeps nothing. */
const [unix = ""] = process.argv.slice(2);
Bun.serve({
  unix,
  async fetch(request) {
    await request.json();
    return Response.json({ recorded: true });
  },
});
console.log("ready");
