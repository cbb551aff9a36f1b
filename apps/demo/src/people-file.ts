/** Beside the folder of this file, be that `src` or what it is built into, `dist`. */
export const peopleFile = new URL('../data/people.jsonl', import.meta.url);
