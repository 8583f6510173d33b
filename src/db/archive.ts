/**
 * The PostgreSQL of this platform as one file (tar, zstd -19: 17 MB of 58), or nothing when run from source, where
 * the npm package is used in place. scripts/build.ts replaces this module with one that embeds the file.
 */
export const ARCHIVE: string | undefined = undefined;
