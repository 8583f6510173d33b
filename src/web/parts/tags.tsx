/** @jsxImportSource preact */

/** Words that people put on a project; each leads to the projects that have it. */
export function Tags({ tags }: { tags: string[] }) {
  return (
    <>
      {tags.map((tag) => (
        <a class="tag" key={tag} href={`/app/projects?tag=${encodeURIComponent(tag)}`}>
          {tag}
        </a>
      ))}
    </>
  );
}
