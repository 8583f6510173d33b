/**
 * Follow mode: a reader at the bottom stays there as the page grows; a reader elsewhere is never moved and is told
 * by a pill how much is new.
 */
export interface Follow {
  /** After events were drawn; `fresh` of them are new. */
  grew(fresh: number): void;
  toggle(): void;
  isOn(): boolean;
  /** The page goes to a moment by itself: being near the end then is no wish to follow it. */
  stay(): void;
  /** To the lower end of what is drawn, whoever reads what. */
  end(): void;
}

export interface Followed {
  /** A session at work is opened where things happen, one that is over where it begins. */
  opensAtEnd: boolean;
  /** Whether what is drawn reaches to the session's end. */
  isAtEnd: () => boolean;
  /** Draws the session's end. */
  end: () => Promise<void>;
}

/** Until a moment's turns have their true heights. */
const HELD_MS = 800;

/** This close to the end, in pixels, counts as being there. */
const NEAR = 120;

export function startFollow({ opensAtEnd, isAtEnd, end }: Followed, signal: AbortSignal): Follow {
  const pill = document.getElementById("pill");
  let following = opensAtEnd;
  let unseen = 0;
  let heldUntil = 0;
  const held = () => performance.now() < heldUntil;

  const bottom = () =>
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
  const show = () => {
    if (!pill) return;
    pill.hidden = unseen === 0 || following;
    pill.querySelector("span")?.replaceChildren(`${unseen} new`);
  };
  const follow = async () => {
    await end();
    following = true;
    unseen = 0;
    bottom();
    show();
  };
  if (opensAtEnd) bottom();
  // A page that fits the screen is at its end. Not asked at once: before the first frames, turns that are skipped
  // have a guessed height, and any page would look short.
  else
    void frames(2).then(() => {
      if (!held()) following = nearBottom() && isAtEnd();
    });
  addEventListener(
    "scroll",
    () => {
      if (held()) return;
      following = nearBottom() && isAtEnd();
      if (following) unseen = 0;
      show();
    },
    { signal, passive: true },
  );
  pill?.addEventListener("click", () => void follow(), { signal });
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
      else void follow();
    },
    isOn: () => following,
    stay() {
      following = false;
      heldUntil = performance.now() + HELD_MS;
    },
    end: bottom,
  };
}

/** Resolves after so many frames were drawn. */
export async function frames(amount: number): Promise<void> {
  for (let at = 0; at < amount; at++) await new Promise(requestAnimationFrame);
}

function nearBottom(): boolean {
  const { scrollHeight, clientHeight } = document.documentElement;
  return scrollHeight - clientHeight - scrollY < NEAR;
}
