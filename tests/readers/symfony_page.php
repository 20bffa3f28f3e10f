<?php
// Prints a page that Twig renders with Symfony's asset() over a flat manifest.
//
//   php symfony_page.php FOLDER MANIFEST NAME...

require_once 'Symfony/Component/Asset/autoload.php';
require_once 'Twig/autoload.php';

use Symfony\Component\Asset\Package;
use Symfony\Component\Asset\VersionStrategy\JsonManifestVersionStrategy;

[, $folder, $manifest] = $argv;
$package = new Package(new JsonManifestVersionStrategy("$folder/$manifest", null, true));
$twig = new \Twig\Environment(new \Twig\Loader\ArrayLoader(['page' =>
    "{% for name in names %}{% if name ends with '.css' %}<link rel=\"stylesheet\" href=\"{{ asset(name) }}\">\n"
    . "{% else %}<script type=\"module\" src=\"{{ asset(name) }}\"></script>\n{% endif %}{% endfor %}"]));
$twig->addFunction(new \Twig\TwigFunction('asset', fn (string $name) => $package->getUrl($name)));
echo $twig->render('page', ['names' => array_slice($argv, 3)]);
