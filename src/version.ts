/** The version of the program, as its package has it; a test compares the two. */
export const VERSION = '0.1.0';
