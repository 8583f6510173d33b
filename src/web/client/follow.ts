/**
 * Follow mode: a reader at the bottom stays there as the page grows; a reader elsewhere is never moved and is told
 * by a pill how much is new.
 */
export interface Follow {
  /** After events were drawn; `fresh` of them are new. */
  grew(fresh: number): void;
  toggle(): void;
}

const NEAR = 120;

export function startFollow(signal: AbortSignal): Follow {
  const pill = document.getElementById("pill");
  let following = nearBottom();
  let unseen = 0;

  const bottom = () => scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  const show = () => {
    if (!pill) return;
    pill.hidden = unseen === 0 || following;
    pill.querySelector("span")?.replaceChildren(`${unseen} new`);
  };
  const follow = () => {
    following = true;
    unseen = 0;
    bottom();
    show();
  };
  addEventListener(
    "scroll",
    () => {
      following = nearBottom();
      if (following) unseen = 0;
      show();
    },
    { signal, passive: true },
  );
  pill?.addEventListener("click", follow, { signal });
  // What is drawn late (fonts, a turn that was skipped while off the screen) must not leave the bottom behind.
  const sizes = new ResizeObserver(() => following && bottom());
  const main = document.getElementById("conversation");
  if (main) sizes.observe(main);
  signal.addEventListener("abort", () => sizes.disconnect());

  return {
    grew(fresh) {
      if (following) return;
      unseen += fresh;
      show();
    },
    toggle() {
      if (following) following = false;
      else follow();
    },
  };
}

function nearBottom(): boolean {
  const { scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight - clientHeight - scrollY < NEAR;
}
