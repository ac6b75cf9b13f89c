/* SPDX-License-Identifier: MIT */
/*
 * What sunpath/error.h and sunpath/event.h promise about words, said a second time: the names that
 * programs may depend on, as they are written in the manual.
 */
#ifndef FUZZ_WORDS_SPEC_H
#define FUZZ_WORDS_SPEC_H

/* What a number must be called. NULL: in any words that can be printed. */
struct spec_words {
    const char *error;
    const char *qt;
    const char *state;
    const char *event;
    const char *operation;
    const char *cause;
};

struct spec_words spec_words(int number);

#endif
