import type { Row } from "./issuers.ts";

/** Who moves money and messages. */
export const BUSINESS: readonly Row[] = [
  [
    "slack-token",
    ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-", "xoxe", "xapp-"],
    "(?:xoxe\\.xox[bp]|xox[abeprsocd]|xapp)-[A-Za-z0-9%-]{10,255}",
  ],
  [
    "slack-webhook",
    ["hooks.slack.com", "hooks.slack-gov.com"],
    "hooks\\.slack(?:-gov)?\\.com\\\\?/(?:services|workflows|triggers)\\\\?/[A-Za-z0-9/\\\\_-]{20,200}",
  ],
  [
    "teams-webhook",
    ["webhook.office.com"],
    "webhook\\.office\\.com/webhookb2/[A-Za-z0-9@/-]{80,220}",
  ],
  [
    "discord-webhook",
    ["discord.com/api/webhooks", "discordapp.com/api/webhooks"],
    "discord(?:app)?\\.com/api/webhooks/[0-9]{16,20}/[A-Za-z0-9_-]{60,80}",
  ],
  [
    "zapier-webhook",
    ["hooks.zapier.com"],
    "hooks\\.zapier\\.com/hooks/catch/[0-9]{4,12}/[A-Za-z0-9]{5,12}",
  ],
  [
    "discord-token",
    [],
    "[MNO][A-Za-z0-9_-]{23,27}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_.-])",
  ],
  ["telegram-token", [":AA"], "[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"],
  [
    "stripe-key",
    ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "sk_org_"],
    "(?:[sr]k_(?:live|test|org)_[A-Za-z0-9]{16,255}|whsec_[A-Za-z0-9+/=]{24,128})",
  ],
  [
    "square-token",
    ["sq0atp-", "sq0csp-", "EAAA"],
    "(?:sq0atp-[A-Za-z0-9_-]{22}|sq0csp-[A-Za-z0-9_-]{43}|EAAA[A-Za-z0-9_-]{60}(?![A-Za-z0-9_-]))",
  ],
  [
    "paypal-token",
    ["access_token$"],
    "access_token\\$(?:production|sandbox)\\$[a-z0-9]{16}\\$[a-f0-9]{32}",
  ],
  [
    "plaid-token",
    ["access-production-", "access-sandbox-", "access-development-"],
    "access-(?:production|sandbox|development)-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}",
  ],
  ["razorpay-key", ["rzp_live_", "rzp_test_"], "rzp_(?:live|test)_[A-Za-z0-9]{14,40}"],
  ["flutterwave-key", ["FLWSECK"], "FLWSECK(?:_TEST)?-[A-Za-z0-9]{12,60}(?:-X)?"],
  ["mercadopago-token", ["APP_USR-"], "APP_USR-[0-9]{10,20}-[0-9]{6}-[a-f0-9]{32}-[0-9]{5,12}"],
  [
    "shopify-token",
    ["shpat_", "shpca_", "shppa_", "shpss_", "shptka_"],
    "shp(?:at|ca|pa|ss|tka)_[A-Fa-f0-9]{32,64}",
  ],
  ["easypost-key", ["EZAK", "EZTK"], "EZ[AT]K[A-Za-z0-9]{54}"],
  ["shippo-token", ["shippo_live_", "shippo_test_"], "shippo_(?:live|test)_[a-f0-9]{40}"],
  ["duffel-token", ["duffel_"], "duffel_(?:live|test)_[A-Za-z0-9_=-]{43}"],
  ["lob-key", ["live_", "test_"], "(?:live|test)_[a-f0-9]{35}(?![a-f0-9])"],
  ["twilio-key", ["SK"], "SK[a-f0-9]{32}(?![A-Za-z0-9])"],
  ["sendgrid-key", ["SG."], "SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{32,64}"],
  ["mailgun-key", ["key-"], "key-[a-f0-9]{32}(?![a-f0-9])"],
  ["mailchimp-key", ["-us"], "[a-f0-9]{32}-us[0-9]{1,2}(?![0-9])"],
  ["brevo-key", ["xkeysib-", "xsmtpsib-"], "x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}"],
  ["resend-key", ["re_"], "re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,30}"],
  ["mandrill-key", ["md-"], "(?<![.])md-[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])"],
  [
    "hubspot-token",
    ["pat-na", "pat-eu"],
    "pat-(?:na|eu)[0-9]-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}",
  ],
  ["facebook-token", ["EAA"], "EAA[A-Za-z0-9]{80,300}"],
  ["twitter-token", ["AAAAAAAAAAAAAAAAAAAA"], "A{20,22}[A-Za-z0-9%]{70,120}"],
  ["dropbox-token", ["sl."], "sl\\.(?:u\\.)?[A-Za-z0-9_-]{120,1500}"],
  ["mapbox-token", ["sk.eyJ"], "sk\\.eyJ[A-Za-z0-9_-]{30,200}\\.[A-Za-z0-9_-]{20,30}"],
  ["adobe-secret", ["p8e-", "p8-"], "(?:p8e-|p8-)[A-Za-z0-9_-]{32}(?![A-Za-z0-9_-])"],
  ["typeform-token", ["tfp_"], "tfp_[A-Za-z0-9_.=-]{40,80}"],
  [
    "jwt",
    ["eyJ"],
    "(?<![_-])eyJ[A-Za-z0-9_-]{10,8192}\\.eyJ[A-Za-z0-9_-]{10,8192}\\.[A-Za-z0-9_-]{10,4096}",
  ],
];
