import { z } from "zod";

export const Role = z.enum(["viewer", "member", "admin", "owner"]);

/** What people type: no control characters, no spaces around. */
const Name = z
  .string()
  .transform((text) => text.replace(/[\p{Cc}\p{Cf}]+/gu, " ").trim())
  .pipe(z.string().min(1).max(100));

export const Email = z.string().trim().toLowerCase().max(254).pipe(z.email("not an email address"));

export const NewOrg = z.object({ name: Name });
export const Person = z.object({ email: Email, name: Name });

const blank = (value: unknown) => (value === "" ? undefined : value);
export const NewInvite = z.object({
  email: z.preprocess(blank, Email.optional()),
  role: Role.default("member"),
});
export const NewRole = z.object({ role: Role });
export const NewDomain = z.object({
  domain: z
    .string()
    .trim()
    .toLowerCase()
    .max(253)
    .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/, "not a domain"),
  role: Role.exclude(["owner"]).default("member"),
});

export interface Org {
  id: string;
  slug: string;
  name: string;
}

export interface Membership extends Org {
  role: z.infer<typeof Role>;
  /** The one this session is in. */
  current: boolean;
}

export interface Member {
  participant: string;
  name: string;
  email: string | null;
  role: z.infer<typeof Role>;
  joinedAt: string;
}

export interface Invite {
  id: string;
  email: string | null;
  role: z.infer<typeof Role>;
  createdBy: string;
  expiresAt: string;
}
