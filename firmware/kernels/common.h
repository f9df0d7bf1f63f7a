/* What every kernel template needs. C99 and C++17. */
#ifndef TINYGEN_KERNELS_COMMON_H
#define TINYGEN_KERNELS_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* After an array's declarator: its alignment in bytes. GCC, Clang, IAR and Arm's compilers all know it. */
#define TG_ALIGNED(bytes) __attribute__((aligned(bytes)))

/* A kernel template: compiled into each instance with that instance's constants. */
#if defined(__GNUC__)
#define TG_INLINE inline __attribute__((always_inline))
/* An instance of a template: kept as one function, however often it is called. */
#if defined(__clang__)
#define TG_INSTANCE __attribute__((noinline))
#define TG_SHARED __attribute__((noinline, unused))
#else
#define TG_INSTANCE __attribute__((noinline, noclone))
/* A function that templates share: one copy, none where no instance needs it. */
#define TG_SHARED __attribute__((noinline, noclone, unused))
#endif
#else
#define TG_INLINE inline
#define TG_INSTANCE
#define TG_SHARED
#endif

/* Before a loop whose few iterations are known once the kernel's constants are: no loop remains. */
#if defined(__clang__)
#define TG_UNROLL _Pragma("unroll")
#elif defined(__GNUC__)
#define TG_UNROLL _Pragma("GCC unroll 32")
#else
#define TG_UNROLL
#endif

#endif
