// Exact quotients of integers, rounded once: they decide what a bound leaves undecided. Rare and
// scalar, so that it is compiled once for all instruction sets.
#pragma once

#include "task.hpp"

namespace imgconv {

// Return n / d of a sign, rounded to a whole number, no further from a type's range than one.
double exact_whole(bool negative, u128 n, u128 d, Rounding rounding, Type type);

// Return the output value of an exact sum.
double exact_value(const Task& task, i128 sum);

// Return the output value of a picture of floats, whatever is in its window.
double exact_float(const Task& task, int64_t row, int64_t column, int64_t channel);

}  // namespace imgconv
