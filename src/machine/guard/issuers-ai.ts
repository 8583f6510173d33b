import type { Row } from "./issuers.ts";

/** Who sells models and what belongs to them. The longer prefix stands first: it names the kind. */
export const AI: readonly Row[] = [
  // Whoever holds it may speak into a running session of Claude Code: no value of it is harmless.
  [
    "messaging-token",
    ["MESSAGING_TOKEN"],
    "(?<=MESSAGING_TOKEN\\\\{0,3}[\"']?\\s{0,4}[:=]\\s{0,4}\\\\{0,3}[\"']?)[^\\s\"'\\\\,;:=[\\]]{4,512}",
  ],
  ["anthropic-key", ["sk-ant-"], "sk-ant-[A-Za-z0-9_-]{20,255}"],
  ["openrouter-key", ["sk-or-"], "sk-or-v1-[a-f0-9]{64}"],
  ["langfuse-key", ["sk-lf-"], "sk-lf-[a-f0-9-]{36}"],
  ["openai-key", ["sk-"], "sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_-]{32,255}"],
  ["groq-key", ["gsk_"], "gsk_[A-Za-z0-9]{40,60}"],
  [
    "huggingface-token",
    ["hf_", "api_org_"],
    "(?:hf_[A-Za-z0-9]{30,40}|api_org_[A-Za-z0-9]{34})(?![A-Za-z0-9])",
  ],
  ["replicate-token", ["r8_"], "r8_[A-Za-z0-9]{37}"],
  ["xai-key", ["xai-"], "xai-[A-Za-z0-9]{70,90}"],
  ["perplexity-key", ["pplx-"], "pplx-[A-Za-z0-9]{40,64}"],
  ["fireworks-key", ["fw_"], "fw_[A-Za-z0-9]{22,40}"],
  ["together-key", ["tgp_v1_"], "tgp_v1_[A-Za-z0-9_-]{40,60}"],
  ["elevenlabs-key", ["sk_"], "sk_[a-f0-9]{48}"],
  ["langsmith-key", ["lsv2_"], "lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"],
  ["pinecone-key", ["pcsk_"], "pcsk_[A-Za-z0-9_]{50,90}"],
  ["voyage-key", ["pa-"], "pa-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])"],
  ["jina-key", ["jina_"], "jina_[A-Za-z0-9_-]{50,80}"],
  ["tavily-key", ["tvly-"], "tvly-(?:dev-|prod-)?[A-Za-z0-9]{30,40}"],
  ["nvidia-key", ["nvapi-"], "nvapi-[A-Za-z0-9_-]{60,80}"],
  ["cerebras-key", ["csk-"], "csk-[a-z0-9]{44,52}"],
  ["e2b-key", ["e2b_"], "e2b_[a-f0-9]{40}"],
  ["wandb-key", ["wandb_v1_"], "wandb_v1_[A-Za-z0-9_]{40,100}"],
  ["firecrawl-key", ["fc-"], "fc-[a-f0-9]{32}(?![a-f0-9])"],
  ["cursor-key", ["crsr_"], "crsr_[a-f0-9]{64}"],
];
