# Build the module and put it into `result`, or a text that says why it is not there.
file(REMOVE_RECURSE "${result}")
file(MAKE_DIRECTORY "${result}")

function(give_up reason)
  file(WRITE "${result}/not_built.txt" "${reason}\n")
  message(WARNING "${reason}: imgconv will filter with NumPy, which is much slower")
endfunction()

execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${binary}" -G "${generator}" -C "${initial}"
  RESULT_VARIABLE failed)
if(failed)
  give_up("no C++ compiler was found that can build the native core")
  return()
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${binary}" --config Release --parallel
                RESULT_VARIABLE failed)
if(failed)
  give_up("the C++ compiler failed to build the native core")
  return()
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${binary}" --config Release
                        --prefix "${binary}/installed" RESULT_VARIABLE failed)
file(GLOB modules "${binary}/installed/imgconv/_native/_core*")
if(failed OR NOT modules)
  give_up("the native core could not be linked")
  return()
endif()
file(COPY ${modules} DESTINATION "${result}")
