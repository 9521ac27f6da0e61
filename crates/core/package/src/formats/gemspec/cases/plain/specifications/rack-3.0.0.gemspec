Gem::Specification.new do |s|
  s.name = "rack".freeze
  s.version = "3.0.0"
end
