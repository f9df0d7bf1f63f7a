/* Included by a kernel: collected because of that alone. */
#ifndef TEST_SHARED_ADD_H
#define TEST_SHARED_ADD_H

#include <stdint.h>

static inline int32_t test_add_one(int32_t value)
{
    return value + 1;
}

#endif
