-- Sign-ins that nobody came back from: long over and worth nothing, so whoever begins one may sweep.
create policy swept on sign_ins using (expires_at < now() - interval '1 day');
