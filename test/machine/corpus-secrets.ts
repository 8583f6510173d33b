import type { Random } from "../bench/text.ts";

/**
 * What issuers' secrets look like, drawn at run time: nothing that looks like one stands in this repository, and a
 * scanner of it has nothing to complain about. Written from the issuers' published forms and not from our patterns.
 */
type Draw = (set: string, length: number) => string;

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGIT = "0123456789";
const HEX = `${DIGIT}abcdef`;
const B62 = UPPER + LOWER + DIGIT;
const B64U = `${B62}_-`;
const B64 = `${B62}+/`;
const B32 = `${UPPER}234567`;

export function drawer(next: Random): Draw {
  return (set, length) => {
    let out = "";
    while (out.length < length) out += set[Math.floor(next() * set.length)] ?? "";
    return out;
  };
}

const uuid = (d: Draw) => [8, 4, 4, 4, 12].map((n) => d(HEX, n)).join("-");

/** Words are cut in two so that no line here is what it describes. */
export const ISSUED: Record<string, (d: Draw) => string> = {
  "aws-key": (d) => `AK${"IA"}${d(B32, 16)}`,
  "aws-temporary-key": (d) => `AS${"IA"}${d(B32, 16)}`,
  "aws-session-token": (d) => `IQoJb3Jp${"Z2lu"}${d(B64, 300)}`,
  "aws-bedrock-key": (d) => `AB${"SK"}${d(B64, 128)}`,
  "google-key": (d) => `AI${"za"}${d(B64U, 35)}`,
  "google-token": (d) => `ya${"29."}${d(B64U, 120)}`,
  "google-client-secret": (d) => `GOC${"SPX-"}${d(B64U, 28)}`,
  "google-refresh-token": (d) => `1/${"/0"}${d(B64U, 60)}`,
  "azure-client-secret": (d) => `${d(B62, 3)}8${"Q~"}${d(B62, 34)}`,
  "azure-devops": (d) => `${d(B62, 76)}AZ${"DO"}${d(B62, 4)}`,
  digitalocean: (d) => `dop${"_v1_"}${d(HEX, 64)}`,
  alibaba: (d) => `LT${"AI"}${d(B62, 20)}`,
  tencent: (d) => `AK${"ID"}${d(B62, 32)}`,
  heroku: (d) => `HR${"KU-"}${d(B64U, 58)}`,
  fly: (d) => `fo${"1_"}${d(B64U, 43)}`,
  cloudflare: (d) => `cfu${"t_"}${d(B62, 40)}${d(HEX, 8)}`,
  vercel: (d) => `vc${"p_"}${d(B62, 56)}`,
  netlify: (d) => `nf${"p_"}${d(B62, 40)}`,
  render: (d) => `rn${"d_"}${d(B62, 28)}`,
  supabase: (d) => `sb${"p_"}${d(HEX, 40)}`,
  "supabase-secret": (d) => `sb_sec${"ret_"}${d(B64U, 31)}`,
  planetscale: (d) => `pscale${"_tkn_"}${d(B64U, 43)}`,
  neon: (d) => `na${"pi_"}${d(LOWER + DIGIT, 64)}`,
  databricks: (d) => `da${"pi"}${d(HEX, 32)}`,
  atlas: (d) => `mdb_sa${"_sk_"}${d(B64U, 40)}`,
  aiven: (d) => `AV${"NS_"}${d(B64U, 19)}`,
  terraform: (d) => `${d(B62, 14)}.atlas${"v1."}${d(B64U, 67)}`,
  pulumi: (d) => `pu${"l-"}${d(HEX, 40)}`,
  vault: (d) => `hv${"s."}${d(B64U, 92)}`,
  doppler: (d) => `dp${".pt."}${d(B62, 43)}`,
  "1password": (d) => `ops${"_ey"}${d(B62, 300)}`,
  age: (d) => `AGE-SECRET${"-KEY-1"}${d("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)}`,
  dynatrace: (d) => `dt0c${"01."}${d(UPPER + DIGIT, 24)}.${d(UPPER + DIGIT, 64)}`,
  tailscale: (d) => `ts${"key-auth-"}${d(B62, 17)}-${d(B62, 32)}`,
  scaleway: (d) => `SC${"W"}${d(UPPER + DIGIT, 17)}`,
  github: (d) => `gh${"p_"}${d(B62, 36)}`,
  "github-server": (d) => `gh${"s_"}${d(B62, 36)}`,
  "github-fine": (d) => `github${"_pat_"}${d(B62, 22)}_${d(B62, 59)}`,
  gitlab: (d) => `gl${"pat-"}${d(B64U, 20)}`,
  "gitlab-trigger": (d) => `gl${"ptt-"}${d(HEX, 40)}`,
  "gitlab-runner": (d) => `GR13${"48941"}${d(B64U, 20)}`,
  bitbucket: (d) => `AT${"BB"}${d(B62, 32)}`,
  atlassian: (d) => `ATA${"TT3"}xFfGF0${d(B64U, 180)}`,
  npm: (d) => `np${"m_"}${d(B62, 36)}`,
  pypi: (d) => `pypi${"-AgE"}IcHlwaS5vcmc${d(B64U, 150)}`,
  rubygems: (d) => `ruby${"gems_"}${d(HEX, 48)}`,
  crates: (d) => `ci${"o"}${d(B62, 32)}`,
  nuget: (d) => `oy${"2"}${d(LOWER + DIGIT, 43)}`,
  docker: (d) => `dckr${"_pat_"}${d(B64U, 27)}`,
  clojars: (d) => `CLO${"JARS_"}${d(HEX, 60)}`,
  artifactory: (d) => `AK${"Cp"}${d(B62, 69)}`,
  sonar: (d) => `sq${"u_"}${d(HEX, 40)}`,
  circleci: (d) => `CCI${"PAT_"}${d(B62, 22)}_${d(HEX, 40)}`,
  buildkite: (d) => `bk${"ua_"}${d(HEX, 40)}`,
  sourcegraph: (d) => `sg${"p_"}${d(HEX, 40)}`,
  postman: (d) => `PM${"AK-"}${d(HEX, 24)}-${d(HEX, 34)}`,
  readme: (d) => `rd${"me_"}${d(LOWER + DIGIT, 70)}`,
  sentry: (d) => `sntr${"ys_"}${d(B62, 120)}`,
  grafana: (d) => `gl${"sa_"}${d(B62, 32)}_${d(HEX, 8)}`,
  "grafana-cloud": (d) => `gl${"c_"}${d(B64, 120)}`,
  newrelic: (d) => `NR${"AK-"}${d(UPPER + DIGIT, 27)}`,
  honeycomb: (d) => `hca${"ik_"}${d(LOWER + DIGIT, 58)}`,
  posthog: (d) => `ph${"x_"}${d(B62, 43)}`,
  launchdarkly: (d) => `sd${"k-"}${uuid(d)}`,
  prefect: (d) => `pn${"u_"}${d(B62, 36)}`,
  contentful: (d) => `CF${"PAT-"}${d(B64U, 43)}`,
  figma: (d) => `fi${"gd_"}${d(B64U, 40)}`,
  linear: (d) => `lin${"_api_"}${d(B62, 40)}`,
  notion: (d) => `nt${"n_"}${d(DIGIT, 11)}${d(B62, 35)}`,
  airtable: (d) => `pa${"t"}${d(B62, 14)}.${d(HEX, 64)}`,
  clickup: (d) => `p${"k_"}${d(DIGIT, 8)}_${d(UPPER + DIGIT, 32)}`,
  polaris: (d) => `po${"l_"}${d(B64U, 43)}`,
  anthropic: (d) => `sk${"-ant-"}api03-${d(B64U, 93)}AA`,
  openrouter: (d) => `sk${"-or-v1-"}${d(HEX, 64)}`,
  openai: (d) => `sk${"-proj-"}${d(B64U, 74)}T3Blbk${"FJ"}${d(B64U, 74)}`,
  "openai-old": (d) => `s${"k-"}${d(B62, 20)}T3Blbk${"FJ"}${d(B62, 20)}`,
  groq: (d) => `gs${"k_"}${d(B62, 52)}`,
  huggingface: (d) => `h${"f_"}${d(LOWER + UPPER, 34)}`,
  replicate: (d) => `r${"8_"}${d(B62, 37)}`,
  xai: (d) => `xa${"i-"}${d(B62, 80)}`,
  perplexity: (d) => `pp${"lx-"}${d(B62, 48)}`,
  fireworks: (d) => `f${"w_"}${d(B62, 24)}`,
  together: (d) => `tgp${"_v1_"}${d(B64U, 43)}`,
  elevenlabs: (d) => `s${"k_"}${d(HEX, 48)}`,
  langsmith: (d) => `lsv2${"_pt_"}${d(HEX, 32)}_${d(HEX, 10)}`,
  langfuse: (d) => `sk${"-lf-"}${uuid(d)}`,
  pinecone: (d) => `pc${"sk_"}${d(B62, 6)}_${d(B62, 63)}`,
  jina: (d) => `ji${"na_"}${d(B64U, 60)}`,
  tavily: (d) => `tv${"ly-"}${d(B62, 32)}`,
  nvidia: (d) => `nv${"api-"}${d(B64U, 64)}`,
  cerebras: (d) => `cs${"k-"}${d(LOWER + DIGIT, 48)}`,
  e2b: (d) => `e2${"b_"}${d(HEX, 40)}`,
  firecrawl: (d) => `f${"c-"}${d(HEX, 32)}`,
  cursor: (d) => `cr${"sr_"}${d(HEX, 64)}`,
  slack: (d) => `xo${"xb-"}${d(DIGIT, 12)}-${d(DIGIT, 13)}-${d(B62, 24)}`,
  "slack-app": (d) => `xa${"pp-1-"}A${d(UPPER + DIGIT, 10)}-${d(DIGIT, 13)}-${d(HEX, 64)}`,
  "slack-webhook": (d) =>
    `https://hooks.sl${"ack.com/services/"}T${d(UPPER + DIGIT, 10)}/B${d(UPPER + DIGIT, 10)}/${d(B62, 24)}`,
  "discord-webhook": (d) => `https://disc${"ord.com/api/webhooks/"}${d(DIGIT, 18)}/${d(B64U, 68)}`,
  "discord-token": (d) => `M${d(B62, 25)}.${d(B62, 6)}.${d(B64U, 38)}`,
  telegram: (d) => `${d("123456789", 10)}:A${"A"}${d(B64U, 33)}`,
  stripe: (d) => `sk${"_live_"}${d(B62, 24)}`,
  "stripe-restricted": (d) => `rk${"_live_"}${d(B62, 99)}`,
  "stripe-webhook": (d) => `wh${"sec_"}${d(B62, 32)}`,
  square: (d) => `sq0${"csp-"}${d(B64U, 43)}`,
  plaid: (d) => `access-${"production-"}${uuid(d)}`,
  razorpay: (d) => `rzp${"_live_"}${d(B62, 14)}`,
  flutterwave: (d) => `FLW${"SECK-"}${d(HEX, 32)}-X`,
  mercadopago: (d) => `APP${"_USR-"}${d(DIGIT, 16)}-${d(DIGIT, 6)}-${d(HEX, 32)}-${d(DIGIT, 9)}`,
  shopify: (d) => `sh${"pat_"}${d(HEX, 32)}`,
  easypost: (d) => `EZ${"AK"}${d(B62, 54)}`,
  shippo: (d) => `shippo${"_live_"}${d(HEX, 40)}`,
  duffel: (d) => `duffel${"_live_"}${d(B64U, 43)}`,
  twilio: (d) => `S${"K"}${d(HEX, 32)}`,
  sendgrid: (d) => `S${"G."}${d(B64U, 22)}.${d(B64U, 43)}`,
  mailgun: (d) => `ke${"y-"}${d(HEX, 32)}`,
  mailchimp: (d) => `${d(HEX, 32)}-u${"s"}${d("123456789", 2)}`,
  brevo: (d) => `xkey${"sib-"}${d(HEX, 64)}-${d(B62, 16)}`,
  resend: (d) => `r${"e_"}${d(B62, 8)}_${d(B62, 24)}`,
  hubspot: (d) => `pat${"-na1-"}${uuid(d)}`,
  facebook: (d) => `EA${"A"}${d(B62, 180)}`,
  twitter: (d) => `${"A".repeat(21)}${d(B62, 90)}`,
  dropbox: (d) => `s${"l."}${d(B64U, 136)}`,
  mapbox: (d) => `sk.${"eyJ"}${d(B62, 60)}.${d(B64U, 22)}`,
  typeform: (d) => `tf${"p_"}${d(B64U, 44)}`,
  jwt: (d) => `ey${"J"}${d(B62, 33)}.ey${"J"}${d(B62, 80)}.${d(B64U, 43)}`,
  "unknown-issuer": (d) => `acme_${drawn(d, 40)}`,
  "drawn-word": (d) => drawn(d, 32),
};

/** As a generator of passwords draws: something of each kind. */
export function drawn(d: Draw, length: number): string {
  for (;;) {
    const word = d(B62, length);
    if (/[A-Z].*[A-Z]/.test(word) && /[a-z].*[a-z]/.test(word) && /\d.*\d/.test(word)) return word;
  }
}

/** Secrets by nothing but their name or place: each with the text it stands in. */
export const NAMED: Record<string, (d: Draw) => [text: string, secret: string]> = {
  "env-password": (d) =>
    with_(password(d), (s) => `DB_HOST=localhost\nDB_PASSWORD=${s}\nDB_PORT=5432`),
  "env-token": (d) => with_(d(HEX, 40), (s) => `export SERVICE_TOKEN="${s}"`),
  "env-key-base": (d) => with_(d(HEX, 128), (s) => `SECRET_KEY_BASE=${s}`),
  "aws-secret": (d) =>
    with_(d(B64, 40), (s) => `[default]\naws_secret_access_key = ${s}\nregion = eu-central-1`),
  "json-password": (d) => with_(password(d), (s) => JSON.stringify({ user: "manu", password: s })),
  "json-client-secret": (d) =>
    with_(d(B62, 24), (s) => JSON.stringify({ clientSecret: s }, null, 2)),
  "yaml-password": (d) =>
    with_(password(d), (s) => `database:\n  user: app\n  password: ${s}\n  pool: 5\n`),
  "yaml-quoted": (d) => with_(password(d), (s) => `smtp:\n  passwd: '${s}'\n`),
  "toml-token": (d) => with_(d(B62, 32), (s) => `[registry]\ntoken = "${s}"\n`),
  "kubernetes-secret": (d) =>
    with_(
      Buffer.from(password(d)).toString("base64"),
      (s) => `kind: Secret\ndata:\n  password: ${s}\n`,
    ),
  "url-postgres": (d) =>
    with_(d(B62, 16), (s) => `DATABASE_URL=postgres://app:${s}@db.internal:5432/shop`),
  "url-redis": (d) => with_(d(B62, 24), (s) => `redis://:${s}@cache:6379/0`),
  "url-https": (d) =>
    with_(d(B62, 20), (s) => `git clone https://manu:${s}@git.example.com/shop.git`),
  "url-mongodb": (d) =>
    with_(d(B62, 18), (s) => `"mongodb+srv://app:${s}@cluster0.mongodb.net/x?retryWrites=true"`),
  "query-token": (d) => with_(d(B62, 28), (s) => `GET /v1/items?access_token=${s}&page=2 HTTP/1.1`),
  "query-key": (d) =>
    with_(d(HEX, 32), (s) => `curl "https://api.example.com/v2?api_key=${s}&q=berlin"`),
  "header-bearer": (d) =>
    with_(d(B64U, 40), (s) => `curl -H 'Authorization: Bearer ${s}' https://api.example.com`),
  "header-basic": (d) =>
    with_(
      Buffer.from(`manu:${password(d)}`).toString("base64"),
      (s) => `> Authorization: Basic ${s}\n> Accept: */*`,
    ),
  "header-x-api-key": (d) => with_(d(B62, 32), (s) => `-H "X-Api-Key: ${s}"`),
  "header-x-auth": (d) => with_(d(HEX, 40), (s) => `X-Auth-Token: ${s}\r\n`),
  "header-cookie": (d) => with_(d(B62, 40), (s) => `Cookie: theme=dark; session=${s}; lang=de`),
  "header-set-cookie": (d) =>
    with_(d(B62, 40), (s) => `Set-Cookie: sid=${s}; HttpOnly; SameSite=Lax`),
  "flag-password": (d) => with_(password(d), (s) => `deploy --user manu --password ${s} --force`),
  "flag-token": (d) => with_(d(HEX, 32), (s) => `cli login --token=${s}`),
  "flag-quoted": (d) => with_(password(d), (s) => `az login --client-secret '${s}'`),
  "mysql-p": (d) => with_(password(d), (s) => `mysql -h db -u root -p${s} shop`),
  "curl-u": (d) => with_(d(B62, 16), (s) => `curl -s -u manu:${s} https://api.example.com`),
  sshpass: (d) => with_(password(d), (s) => `sshpass -p '${s}' ssh root@10.0.0.5`),
  "redis-cli": (d) => with_(d(B62, 20), (s) => `redis-cli -h cache -a ${s} ping`),
  pgpassword: (d) => with_(password(d), (s) => `PGPASSWORD=${s} psql -h db -U app`),
  "sql-identified": (d) => with_(password(d), (s) => `CREATE USER app IDENTIFIED BY '${s}';`),
  "sql-role": (d) => with_(password(d), (s) => `ALTER ROLE app WITH PASSWORD '${s}';`),
  netrc: (d) => with_(d(B62, 20), (s) => `machine api.example.com login manu password ${s}`),
  npmrc: (d) => with_(uuidOf(d), (s) => `//registry.example.com/:_authToken=${s}`),
  "xml-password": (d) =>
    with_(d(B62, 18), (s) => `<server><id>x</id><password>${s}</password></server>`),
  properties: (d) => with_(d(B62, 18), (s) => `spring.datasource.password=${s}`),
  "php-array": (d) => with_(password(d), (s) => `'password' => '${s}',`),
  "go-struct": (d) => with_(d(B62, 20), (s) => `cfg := Config{Password: "${s}"}`),
  "python-kwarg": (d) => with_(d(B62, 20), (s) => `connect(host="db", password="${s}")`),
  "js-object": (d) => with_(d(HEX, 32), (s) => `new Client({ apiKey: "${s}" })`),
  "azure-connection": (d) =>
    with_(
      `${d(B64, 86)}==`,
      (s) =>
        `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${s};EndpointSuffix=core.windows.net`,
    ),
  "odbc-connection": (d) =>
    with_(d(B62, 16), (s) => `Server=db;Database=x;User Id=sa;Password=${s};Encrypt=true`),
  "pem-rsa": (d) => pem(d, "RSA ", 25, "\n"),
  "pem-pkcs8": (d) => pem(d, "", 27, "\n"),
  "pem-ec": (d) => pem(d, "EC ", 3, "\n"),
  "pem-openssh": (d) => pem(d, "OPENSSH ", 30, "\n"),
  "pem-in-json": (d) => pem(d, "", 20, "\\n"),
  "pem-indented": (d) => pem(d, "", 20, "\n    "),
  "docker-auth": (d) =>
    with_(Buffer.from(`manu:${d(B62, 24)}`).toString("base64"), (s) =>
      JSON.stringify({ auths: { "registry.example.com": { auth: s } } }),
    ),
  "webhook-secret": (d) => with_(d(HEX, 40), (s) => `webhook_secret: "${s}"`),
  "django-secret": (d) =>
    with_(
      `django-insecure-${d(`${LOWER}${DIGIT}!@#%^&*(-_=+)`, 50)}`,
      (s) => `SECRET_KEY = '${s}'`,
    ),
};

function with_(secret: string, text: (secret: string) => string): [string, string] {
  return [text(secret), secret];
}

const uuidOf = uuid;

/** What people are made to choose. */
const password = (d: Draw) =>
  `${d(UPPER, 1)}${d(LOWER, 7)}${d("!%*+~^", 1)}${d(DIGIT, 3)}${d(B62, 4)}`;

function pem(d: Draw, kind: string, lines: number, end: string): [string, string] {
  const body = Array.from({ length: lines }, () => d(B64, 64)).join(end);
  const word = `${kind}PRIV${"ATE KEY"}-----`;
  return [`x\n-----BEGIN ${word}${end}${body}${end}-----END ${word}\ny`, body];
}
