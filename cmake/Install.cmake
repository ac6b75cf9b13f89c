# SPDX-License-Identifier: MIT
#
# What `cmake --install` puts where: libraries, headers, the pkg-config file and the CMake package.
# Manual pages: docs/CMakeLists.txt. Shown to work by tests/install.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(_package "${CMAKE_INSTALL_LIBDIR}/cmake/sunpath")

install(TARGETS sunpath_static sunpath_shared EXPORT sunpath
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY core/include/sunpath DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.h")
install(EXPORT sunpath NAMESPACE sunpath:: DESTINATION "${_package}" FILE sunpathTargets.cmake)

configure_package_config_file(cmake/sunpathConfig.cmake.in "${PROJECT_BINARY_DIR}/sunpathConfig.cmake"
    INSTALL_DESTINATION "${_package}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sunpathConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sunpathConfig.cmake"
    "${PROJECT_BINARY_DIR}/sunpathConfigVersion.cmake" DESTINATION "${_package}")

# Relative, so that `cmake --install --prefix` may say another prefix than the configuration did.
file(RELATIVE_PATH SUNPATH_PREFIX_FROM_PC
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file(cmake/sunpath.pc.in "${PROJECT_BINARY_DIR}/sunpath.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sunpath.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
