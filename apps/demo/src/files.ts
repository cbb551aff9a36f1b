// Here, and not where they are needed: in `dist` this becomes part of a file that lies as deep as it does in `src`.

/** The people whom the users service loads. */
export const peopleFile = new URL('../data/people.jsonl', import.meta.url);

/** What a service's process runs. */
export const serviceFile = new URL('./service.js', import.meta.url);
