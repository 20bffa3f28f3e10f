# Prints a page that the helpers of sprockets-rails render, without an application.
#
#   ruby sprockets_page.rb FOLDER NAME...

require "action_view"
require "sprockets"
require "sprockets/rails/helper"

folder, *names = ARGV
view = Class.new(ActionView::Base.with_empty_template_cache) { include Sprockets::Rails::Helper }.empty
view.assets_manifest = Sprockets::Manifest.new(nil, folder)
view.assets_environment = nil
view.assets_prefix = "/static"
view.digest_assets = true
view.debug_assets = false
view.unknown_asset_fallback = false
view.resolve_assets_with = [:manifest]
view.check_precompiled_asset = false
names.each do |name|
  puts name.end_with?(".css") ? view.stylesheet_link_tag(name.delete_suffix(".css"), media: nil) : view.javascript_include_tag(name.delete_suffix(".js"), type: "module")
end
