/* SPDX-License-Identifier: MIT */
/*
 * Compiler attributes of the public interface.
 *
 * SP_API marks the only symbols the shared library exports: everything else is
 * built with hidden visibility, and a test compares the list.
 */
#ifndef SUNPATH_EXPORT_H
#define SUNPATH_EXPORT_H

#if defined(__GNUC__)
#define SP_API __attribute__((visibility("default")))
#define SP_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SP_API
#define SP_MUST_CHECK
#endif

#ifdef __cplusplus
#define SP_BEGIN_DECLS extern "C" {
#define SP_END_DECLS }
#else
#define SP_BEGIN_DECLS
#define SP_END_DECLS
#endif

#endif
