/* SPDX-License-Identifier: MIT */
/*
 * When two texts of a step are the same but for spelling: said without the parser.
 */
#ifndef FUZZ_TEXT_NORMAL_H
#define FUZZ_TEXT_NORMAL_H

#include <stddef.h>
#include <stdint.h>

/**
 * text_normal() - a step's text without what may be written in two ways
 * @ret: at least @length bytes
 *
 * Zeros in front of a number are left out, bytes of strings stand there without escapes, and there
 * is no blank at the end. Return: how many bytes it has.
 */
size_t text_normal(const char *text, size_t length, uint8_t *ret);

#endif
