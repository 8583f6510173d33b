import type { Shape } from "../fields.ts";

/**
 * Every top-level field seen in transcripts of Claude Code 2.1.329, with its type: read here, or known to say nothing
 * about what happened. A field that is not in these tables, or of another type, is kept in `body.extra`.
 */
type Fields = Readonly<Record<string, Shape>>;

/** In lines that Polaris wrote (retell.ts): the event of the record that a line stands for. The client copies it. */
export const RETOLD = "polarisEvent";

const EVERY: Fields = {
  type: "string",
  uuid: "string",
  parentUuid: "string",
  logicalParentUuid: "string",
  timestamp: "string",
  sessionId: "string",
  session_id: "string",
  cwd: "string",
  gitBranch: "string",
  version: "string",
  entrypoint: "string",
  userType: "string",
  slug: "string",
  agentId: "string",
  forkedFrom: "object",
  sessionKind: "string",
  isSidechain: "boolean",
  isMeta: "boolean",
};

export const USER: Fields = {
  ...EVERY,
  message: "object",
  promptId: "string",
  permissionMode: "string",
  origin: "object",
  promptSource: "string",
  turnOrigin: "string",
  turnPosition: "object",
  turnCompanion: "boolean",
  toolUseResult: "any",
  permissionDecision: "object",
  toolDenialKind: "string",
  toolDenialBeforeRun: "boolean",
  userFeedback: "string",
  holdsPersonsWords: "boolean",
  sourceToolAssistantUUID: "string",
  sandboxed: "boolean",
  mcpCallNotReadOnly: "any",
  interruptedMessageId: "string",
  isVisibleInTranscriptOnly: "boolean",
  isCompactSummary: "boolean",
  repeatsCompactSummary: "boolean",
  queueSkipSlashCommands: "boolean",
  queueSkipAttachments: "boolean",
};

export const ASSISTANT: Fields = {
  ...EVERY,
  message: "object",
  apiBlockIndex: "number",
  requestId: "string",
  requestRef: "string",
  requestSessionId: "string",
  requestedModel: "string",
  serverClassifierRequest: "string",
  promptCacheRequested: "string",
  effort: "string",
  perTurnEffort: "string",
  madeBy: "string",
  toolInputStreamMs: "number",
  attributionMcpServer: "string",
  attributionMcpTool: "string",
  attributionAgent: "string",
  attributionSkill: "string",
  thinkingDurationMs: "number",
  thinkingDisplay: "string",
  isAbortedMidStream: "boolean",
  isApiErrorMessage: "boolean",
  apiErrorIsTransient: "boolean",
  apiErrorStatus: "number",
  apiErrorType: "string",
  error: "string",
  failedResponseHadNoToolCall: "boolean",
};

export const SYSTEM: Fields = {
  ...EVERY,
  subtype: "string",
  level: "string",
  content: "string",
  hookCount: "number",
  hookInfos: "list",
  hookErrors: "list",
  failedHookErrorIndexes: "list",
  hookAdditionalContext: "list",
  preventedContinuation: "boolean",
  stopReason: "string",
  hasOutput: "boolean",
  toolUseID: "string",
  durationMs: "number",
  messageCount: "number",
  pendingBackgroundAgentCount: "number",
  error: "object",
  retryInMs: "number",
  retryAttempt: "number",
  maxRetries: "number",
  source: "string",
  compactMetadata: "object",
  commandRun: "object",
};

export const ATTACHMENT: Fields = {
  ...EVERY,
  attachment: "object",
  rendered: "list",
  renderedRole: "string",
  renderedBesideToolResult: "boolean",
};

export const TITLE: Fields = {
  ...EVERY,
  customTitle: "string",
  agentName: "string",
  aiTitle: "string",
};

export const PULL_REQUEST: Fields = {
  ...EVERY,
  prNumber: "number",
  prUrl: "string",
  prRepository: "string",
};

export const COST: Fields = {
  ...EVERY,
  totalCostUSD: "number",
  totalAPIDuration: "number",
  totalAPIDurationWithoutRetries: "number",
  totalToolDuration: "number",
  totalLinesAdded: "number",
  totalLinesRemoved: "number",
  totalDuration: "number",
  startTime: "number",
  modelUsage: "object",
  hasUnknownModelCost: "boolean",
};
