-- Up to which position a machine and the server have compared what they hold of a session (core/checks.ts).
alter table sources add column checked bigint not null default 0;
