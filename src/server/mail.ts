import { brief, type Log } from "../lib/log.ts";

export interface MailSettings {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: string;
  from: string;
}

export interface Letter {
  to: string;
  subject: string;
  text: string;
}

export interface Mail extends AsyncDisposable {
  /** Hands the letter to the mail server; false, and a line in the log, when that did not take it. */
  send(letter: Letter): Promise<boolean>;
}

/** Nobody waits longer for a mail server than this; the link is on the page as well. */
const TIMEOUT_MS = 8000;

export function startMail({ url, from }: MailSettings, log: Log): Mail {
  const open = async () => {
    const { createTransport } = await import("nodemailer");
    return createTransport(url, { from, disableFileAccess: true, disableUrlAccess: true });
  };
  let opened: ReturnType<typeof open> | undefined;
  return {
    async send(letter) {
      let timer: Timer | undefined;
      const tooLong = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error("the mail server is too slow")), TIMEOUT_MS);
      });
      try {
        opened ??= open();
        await Promise.race([opened.then((transport) => transport.sendMail(letter)), tooLong]);
        return true;
      } catch (error) {
        log.warn("mail.failed", { error: brief(error) });
        return false;
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** SMTP_URL and SMTP_FROM; undefined without a mail server. */
export function mailOf(env: Record<string, string | undefined>): MailSettings | undefined {
  if (!env.SMTP_URL) return undefined;
  return { url: env.SMTP_URL, from: env.SMTP_FROM || "Polaris <polaris@localhost>" };
}
